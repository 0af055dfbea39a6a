/// What is kept of a tool call's arguments: keyed hashes and three facts. The text is dropped.
///
/// `json` is the value of `tool_input` or `tool_parameters`: a JSON object that the sender may have cut off, so it is
/// scanned leniently, without a tree and without recursion; an object that is no JSON just has no members.
package struct ActionFingerprint: Sendable {
    /// Of all bytes.
    package var exact: UInt64 = 0
    /// Of `file_path`, `notebook_path` or `path`; 0 without one.
    package var file: UInt64 = 0
    /// Of `bash_command`, or of the first word of `command` or `full_command`; 0 without one.
    package var command: UInt64 = 0
    /// Of `mcp_server_name` and `mcp_tool_name`; 0 without them.
    package var serverTool: UInt64 = 0
    /// The longest `sleep` in the command, in seconds; -1 without one.
    package var sleepSeconds: Int64 = -1
    package var runsInBackground = false
    /// `git_commit_id` is there.
    package var isCommit = false

    package init(json: RawSpan, by hash: KeyedHash) {
        self.exact = hash.hash64(json)
        var scanner = ShallowObjectScanner()
        while let member = scanner.next(in: json) {
            self.set(key: json.extracting(member.key), value: json.extracting(member.value), by: hash)
        }
    }

    private mutating func set(key: RawSpan, value: RawSpan, by hash: KeyedHash) {
        switch key.byteCount {
        case 4 where key.isASCII("path"), 9 where key.isASCII("file_path"), 13 where key.isASCII("notebook_path"):
            self.file = hash.hash64(value)
        case 12 where key.isASCII("bash_command"):
            self.command = hash.hash64(value.extracting(Self.firstWord(of: value)))
        case 7 where key.isASCII("command"), 12 where key.isASCII("full_command"):
            if self.command == 0 { self.command = hash.hash64(value.extracting(Self.firstWord(of: value))) }
            self.sleepSeconds = max(self.sleepSeconds, Self.sleepSeconds(in: value))
        case 15 where key.isASCII("mcp_server_name"), 13 where key.isASCII("mcp_tool_name"):
            self.serverTool = KeyedHash.mix(self.serverTool ^ KeyedHash.primes.2, hash.hash64(value)) | 1
        case 17 where key.isASCII("run_in_background"):
            self.runsInBackground = value.isASCII("true")
        case 13 where key.isASCII("git_commit_id"):
            self.isCommit = value.byteCount > 0 && !value.isASCII("null")
        default:
            break
        }
    }

    private static func firstWord(of text: RawSpan) -> Range<Int> {
        var start = 0
        while start < text.byteCount, text.unsafeByte(start) <= 0x20 { start += 1 }
        var end = start
        while end < text.byteCount, text.unsafeByte(end) > 0x20, text.unsafeByte(end) != UInt8(ascii: ";") { end += 1 }
        return start..<end
    }

    /// The longest `sleep N[.N][s|m|h|d]` in a shell command, rounded up to seconds; -1 without one.
    package static func sleepSeconds(in command: RawSpan) -> Int64 {
        var longest: Int64 = -1
        var offset = 0
        while offset + 7 <= command.byteCount {
            guard command.unsafeByte(offset) == UInt8(ascii: "s"),
                command.extracting(offset..<offset + 6).isASCII("sleep "), Self.isWordStart(offset, in: command)
            else {
                offset += 1
                continue
            }
            offset += 6
            longest = max(longest, Self.seconds(in: command, at: &offset))
        }
        return longest
    }

    private static func seconds(in command: RawSpan, at offset: inout Int) -> Int64 {
        while offset < command.byteCount, command.unsafeByte(offset) == UInt8(ascii: " ") { offset += 1 }
        var value = 0.0
        var scale = 0.0
        var digitCount = 0
        while offset < command.byteCount, digitCount < 12 {
            let byte = command.unsafeByte(offset)
            if byte == UInt8(ascii: "."), scale == 0 {
                scale = 1
            } else if byte &- UInt8(ascii: "0") < 10 {
                value = value * 10 + Double(byte &- UInt8(ascii: "0"))
                scale *= 10
                digitCount += 1
            } else {
                break
            }
            offset += 1
        }
        guard digitCount > 0 else { return -1 }
        if scale > 0 { value /= scale }
        let unit = offset < command.byteCount ? command.unsafeByte(offset) : 0
        let factor: Double =
            switch unit {
            case UInt8(ascii: "m"): 60
            case UInt8(ascii: "h"): 3_600
            case UInt8(ascii: "d"): 86_400
            default: 1
            }
        return Int64((value * factor).rounded(.up))
    }

    /// At the start of the text, after a byte that is no part of a word, or after a JSON escape such as `\n`.
    private static func isWordStart(_ offset: Int, in text: RawSpan) -> Bool {
        guard offset > 0 else { return true }
        let before = text.unsafeByte(offset - 1)
        guard before.isASCIIWord || before == UInt8(ascii: "-") || before == UInt8(ascii: "/") else { return true }
        return offset > 1 && text.unsafeByte(offset - 2) == UInt8(ascii: "\\")
    }
}

extension UInt8 {
    var isASCIIDigit: Bool { self &- UInt8(ascii: "0") < 10 }
    var isASCIIHex: Bool { self.isASCIIDigit || (self | 0x20) &- UInt8(ascii: "a") < 6 }
    /// A letter, a digit or `_`.
    var isASCIIWord: Bool {
        self.isASCIIDigit || (self | 0x20) &- UInt8(ascii: "a") < 26 || self == UInt8(ascii: "_")
    }
}
