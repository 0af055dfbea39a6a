/// Numbers and names as alerts write them.
extension AlertText {
    /// `41 min`, `2 h 5 min`, `35 s`, `3 d 4 h`
    package static func duration(seconds: Double) -> String {
        let whole = Int64(max(0, seconds).rounded())
        let (minutes, hours, days) = (whole / 60, whole / 3600, whole / 86_400)
        if whole < 60 { return "\(whole) s" }
        if minutes < 60 { return "\(minutes) min" }
        if hours < 24 { return minutes % 60 == 0 ? "\(hours) h" : "\(hours) h \(minutes % 60) min" }
        return hours % 24 == 0 ? "\(days) d" : "\(days) d \(hours % 24) h"
    }

    /// `950`, `12.3 k`, `1.9 M`, `2.4 G`
    package static func scaled(_ value: Int64) -> String {
        let magnitude = Double(value)
        switch value {
        case ..<10_000: return String(value)
        case ..<1_000_000: return "\(Self.rounded(magnitude / 1e3)) k"
        case ..<1_000_000_000: return "\(Self.rounded(magnitude / 1e6)) M"
        default: return "\(Self.rounded(magnitude / 1e9)) G"
        }
    }

    /// One decimal place below 10, none from there on and none when it is 0.
    package static func rounded(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "0" }
        let tenths = Int64((abs(value) * 10).rounded())
        let sign = value < 0 && tenths > 0 ? "-" : ""
        if tenths >= 100 { return sign + String(Int64(abs(value).rounded())) }
        return sign + (tenths % 10 == 0 ? String(tenths / 10) : "\(tenths / 10).\(tenths % 10)")
    }

    /// `$14`, `$0.31`
    package static func dollars(_ microUSD: Int64) -> String {
        if microUSD >= 10_000_000 { return "$\(microUSD.addingClamped(500_000) / 1_000_000)" }
        return "$" + Self.decimal(microUSD)
    }

    /// Dollars with two decimal places; at least one cent when there is any.
    package static func decimal(_ microUSD: Int64) -> String {
        let cents = max(1, microUSD.addingClamped(5000) / 10_000)
        let rest = cents % 100
        return "\(cents / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    /// The first eight characters of an id: enough to recognise it.
    static func shortened(_ id: String) -> String { id.isEmpty ? "(without id)" : String(id.prefix(8)) }

    static func words(of example: AlertEvidence.Example) -> String {
        let cost = example.costMicroUSD > 0 ? ", \(Self.dollars(example.costMicroUSD))" : ""
        let pattern = example.pattern.split(separator: "_").joined(separator: " ")
        return "Session \(Self.shortened(example.session)) in \(example.pod): \(pattern) "
            + "\(example.repeatCount) times, \(Self.scaled(example.tokens)) tokens\(cost)."
    }

    /// A word that a shell takes literally. Names come from senders: nothing in them may become a command.
    package static func shellWord(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
                case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: "="): true
                default: false
                }
            }
        if isPlain, !text.hasPrefix("-") { return text }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// Percent-encodes all but the unreserved characters of RFC 3986.
    package static func queryEscaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return result
    }
}

/// What each pattern means, as the first clause of the evidence.
enum LoopPatternWords {
    static func sentence(_ evidence: AlertEvidence, duration: String) -> String {
        let pattern = LoopPattern.allCases.first { $0.name == evidence.pattern }
        let tool = evidence.tool.prefix(1).uppercased() + evidence.tool.dropFirst()
        let rounds = AlertText.counted(evidence.roundCount, "round")
        let repeats = "\(evidence.repeatCount > 0 ? evidence.repeatCount : evidence.roundCount) times in \(duration)"
        let failures = evidence.failureCount > 0 ? evidence.failureCount : evidence.repeatCount
        let known = !evidence.actionHash.isEmpty
        let arguments = known ? "the same arguments" : "arguments of the same size"
        switch pattern {
        case .identicalAction: return "\(tool) ran \(repeats) with \(arguments) and the same result"
        case .failingAction: return "\(tool) failed \(repeats) with the same error\(known ? " and arguments" : "")"
        case .cycle: return "The same few tool calls came back in turn \(repeats)"
        case .parameterDrift: return "\(tool) ran \(repeats) with changing arguments and nothing new in the results"
        case .editFlipFlop where evidence.isPossible:
            return
                "Each of the last \(evidence.repeatCount) exports removed exactly the lines it added, for \(duration)"
        case .editFlipFlop: return "The same edits were made and undone \(repeats)"
        case .verificationFailure: return "The same check failed \(failures) times in \(duration) in spite of edits"
        case .textOnly: return "\(rounds) in \(duration) without a tool that ran and without a new prompt"
        case .permissionDenied: return "\(tool) was denied \(repeats) by configuration or a hook"
        case .apiError: return "Model requests failed \(failures) times in \(duration)"
        case .refusal: return "The model refused \(repeats)"
        case .compaction: return "The conversation was compacted \(repeats)"
        case .subagentRespawn: return "The same subagent was started \(repeats)"
        case .restart: return "The agent was started again \(repeats) and ended in the same way"
        case .pollForever: return "\(tool) polled \(repeats) and nothing changed"
        case .noProgress: return "\(rounds) in \(duration) without an edit, a commit or a finished subagent"
        case .silentTurn: return "A turn is open, and nothing was heard of it for \(duration)"
        case .metricsOnly: return "Tokens flow in the same proportions for \(duration)"
        case nil: return "\(rounds) in \(duration) without progress"
        }
    }
}
