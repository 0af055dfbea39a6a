/// What one session of Claude Code did, event by event, as it was captured; identities and times are made anew.
///
/// A line is `MILLISECONDS AGENT REQUEST KIND FIELD…`. AGENT 0 is the main loop, REQUEST numbers the model requests
/// from 1 (0: none), `-` is an absent field. Only events that carry signal are kept; models are abbreviated.
struct DemoRecording: Sendable {
    struct Event: Equatable, Sendable {
        var milliseconds: Int
        /// 0: the main loop; else a subagent.
        var agent: Int
        /// From 1; 0: none.
        var request: Int
        var content: Content
    }

    enum Content: Equatable, Sendable {
        case prompt(length: String)
        case decision(tool: String, decision: String)
        case result(Result)
        case request(Request)
        case response(length: Int64)
    }

    struct Result: Equatable, Sendable {
        var tool: String
        /// `true` or `false`, as a text: so does Claude Code.
        var success: String
        var errorType: String?
        var duration: String
        var inputByteCount: String?
        var resultByteCount: String?
        /// JSON.
        var input: String
    }

    struct Request: Equatable, Sendable {
        var model: String
        /// Input, output, cache read, cache creation.
        var tokens: [Int64]
        var costMicroUSD: Int64
        var duration: Int64
        var querySource: String
    }

    let events: [Event]

    init(_ text: String) {
        self.events = text.split(separator: "\n").compactMap { Self.event($0) }
    }

    /// From the first to the last event.
    var milliseconds: Int { self.events.last?.milliseconds ?? 0 }

    private static func event(_ line: Substring) -> Event? {
        let fields = line.split(separator: " ", maxSplits: 4)
        guard fields.count == 5, let time = Int(fields[0]), let agent = Int(fields[1]), let request = Int(fields[2]),
            let content = Self.content(kind: fields[3], rest: fields[4])
        else { return nil }
        return Event(milliseconds: time, agent: agent, request: request, content: content)
    }

    private static func content(kind: Substring, rest: Substring) -> Content? {
        switch kind {
        case "prompt": return .prompt(length: String(rest))
        case "response": return Int64(rest).map { .response(length: $0) }
        case "decision":
            let fields = rest.split(separator: " ").map(String.init)
            return fields.count == 2 ? .decision(tool: fields[0], decision: fields[1]) : nil
        case "result":
            let fields = rest.split(separator: " ", maxSplits: 6).map(String.init)
            guard fields.count >= 6 else { return nil }
            func present(_ text: String) -> String? { text == "-" ? nil : text }
            return .result(
                Result(
                    tool: fields[0],
                    success: fields[1],
                    errorType: present(fields[2]),
                    duration: fields[3],
                    inputByteCount: present(fields[4]),
                    resultByteCount: present(fields[5]),
                    input: fields.count == 7 ? fields[6] : "{}"
                )
            )
        case "request":
            let fields = rest.split(separator: " ").map(String.init)
            let numbers = fields.dropFirst().prefix(6).compactMap { Int64($0) }
            guard fields.count == 8, numbers.count == 6 else { return nil }
            return .request(
                Request(
                    model: fields[0] == "opus" ? "claude-opus-5-5" : fields[0],
                    tokens: Array(numbers[..<4]),
                    costMicroUSD: numbers[4],
                    duration: numbers[5],
                    querySource: fields[7]
                )
            )
        default: return nil
        }
    }
}
