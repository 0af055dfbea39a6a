/// Writes one labelled case in the schema of the recorded ones (`tokenscale detect` reads it): a line of JSON.
struct CaseWriter {
    private(set) var lines: [String] = []
    private(set) var time = 0
    private(set) var onset = -1
    var gap = 6_000
    var context = 30_000
    var session = 0
    var random: SeededRandom

    init(seed: UInt64) { self.random = SeededRandom(seed: seed) }

    mutating func wait(_ milliseconds: Int) { self.time += milliseconds }

    /// What follows is the loop.
    mutating func markOnset() { self.onset = self.lines.count }

    private mutating func event(_ kind: String, _ fields: String) {
        let tail = fields.isEmpty ? "" : ",\(fields)"
        self.lines.append("{\"t\":\(self.time),\"k\":\"\(kind)\",\"s\":\(self.session)\(tail)}")
    }

    mutating func prompt(length: Int = 60) {
        self.time += 1_500
        self.event("prompt", "\"q\":\"main\",\"len\":\(length)")
    }

    mutating func newSession(promptLength: Int) {
        self.session += 1
        self.event("session", "\"start\":\"fresh\"")
        self.prompt(length: promptLength)
    }

    /// One model request; `response` is the length of its text, if it has any.
    mutating func model(response: Int? = nil, output: Int? = nil, lane: String = "main") {
        self.time += self.gap / 2 + self.random.below(self.gap)
        self.context += 400
        let output = output ?? (20 + self.random.below(500))
        let text = response.map { ",\"rl\":\($0)" } ?? ""
        let created = 100 + self.random.below(1_500)
        self.event(
            "llm",
            "\"q\":\"\(lane)\",\"it\":4,\"cr\":\(self.context),\"cc\":\(created),\"ot\":\(output)"
                + ",\"d\":\(self.gap / 3)\(text)"
        )
    }

    /// One tool call with its own model request.
    mutating func call(
        _ tool: String,
        _ arguments: String,
        input: Int? = nil,
        result: Int = 120,
        error: String? = nil,
        errorText: String = "failed",
        command: String? = nil,
        file: String? = nil,
        duration: Int = 200,
        sleep: Int? = nil,
        lane: String = "main",
        isCommit: Bool = false,
        asks: Bool = true
    ) {
        if asks { self.model(lane: lane) }
        self.time += duration
        var fields = "\"q\":\"\(lane)\",\"tool\":\"\(tool)\",\"a\":\"\(Self.hash(tool + arguments))\""
        fields += ",\"asz\":\(input ?? 20 + arguments.utf8.count),\"rsz\":\(result),\"d\":\(duration)"
        fields += ",\"ok\":\(error == nil)"
        if let error { fields += ",\"e\":\"\(error)\",\"eh\":\"\(Self.hash(errorText))\"" }
        if let command { fields += ",\"c\":\"\(command)\"" }
        if let file { fields += ",\"f\":\"\(Self.hash(file))\"" }
        if let sleep { fields += ",\"sl\":\(sleep)" }
        if isCommit { fields += ",\"commit\":true" }
        if error == nil, tool == "Edit" || tool == "Write" { fields += ",\"la\":4,\"lr\":1" }
        self.event("tool", fields)
    }

    mutating func reject(_ tool: String, _ arguments: String, by source: String = "config") {
        self.model()
        self.time += 30
        self.event(
            "reject",
            "\"q\":\"main\",\"tool\":\"\(tool)\",\"a\":\"\(Self.hash(arguments))\",\"src\":\"\(source)\""
        )
    }

    mutating func compact() {
        self.time += 20_000
        self.event("compact", "\"q\":\"main\",\"trig\":\"auto\",\"pre\":160000,\"post\":40000,\"ok\":true")
    }

    mutating func stopHook() { self.event("hook", "\"q\":\"main\",\"ev\":\"Stop\",\"blk\":1") }

    mutating func apiError(status: Int, attempts: Int = 11) {
        self.time += 60_000
        self.event(
            "api_error",
            "\"q\":\"main\",\"st\":\(status),\"att\":\(attempts),\"eh\":\"\(Self.hash("\(status)"))\""
        )
    }

    func json(id: String, pattern: String) -> String {
        let isStuck = self.onset >= 0
        let end = isStuck ? "\(self.lines.count - 1)" : "null"
        return "{\"id\":\"\(id)\",\"set\":\"probe\",\"origin\":\"probe\",\"label\":\"\(isStuck ? "stuck" : "healthy")\""
            + ",\"pattern\":\"\(pattern)\",\"onset\":\(isStuck ? "\(self.onset)" : "null"),\"end\":\(end)"
            + ",\"recovers\":false,\"events\":[\(self.lines.joined(separator: ","))]}"
    }

    /// FNV-1a, as ten hexadecimal digits: stands for a hash of arguments.
    static func hash(_ text: String) -> String {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(value >> 24, radix: 16)
        return String(repeating: "0", count: 10 - digits.count) + digits
    }
}

/// SplitMix64 <https://prng.di.unimi.it/splitmix64.c>.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var value = self.state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(self.next() % UInt64(max(1, bound))) }
}
