import FoundationEssentials
import Gzip
import OTLP
import TokenscaleCore

/// Reads what a user has: captures of OTLP requests, OTLP/JSON lines, transcripts, case files; plain or gzip. What a
/// file is, its content says.
struct RecordingReader {
    static let fileByteCountMax = 1 << 30

    var level: DetailLevel
    private var decoder = RecordingDecoder()

    init(level: DetailLevel) { self.level = level }

    /// Reads a file, or a folder with whatever is below it; one file that cannot be read ends nothing.
    ///
    /// - Parameters:
    ///   - take: Gets one recording after another; files of many cases are never held whole.
    ///   - fault: Gets what cannot be read: what was seen, what is allowed, what to do.
    mutating func read(_ path: String, _ take: (Recording) -> Void, fault: (CommandError) -> Void) {
        do throws(CommandError) {
            var isFolder = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw CommandError(
                    "\(path): no such file or directory, or not readable. Name a capture, a transcript or a case file"
                )
            }
            if isFolder { try self.readFolder(path, take, fault) } else { try self.readFile(path, take) }
        } catch {
            fault(error)
        }
    }

    private mutating func readFolder(
        _ path: String,
        _ take: (Recording) -> Void,
        _ fault: (CommandError) -> Void
    ) throws(CommandError) {
        guard let content = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw CommandError("\(path): the folder cannot be read. Check its permissions")
        }
        let names = content.sorted()
        if names.contains(where: { $0.hasSuffix(".headers.json") }) {
            var capture = CaptureFolder(path: path, names: names)
            take(try capture.recording(&self.decoder))
            return
        }
        let known = names.filter { $0.hasSuffix(".jsonl") || $0.hasSuffix(".jsonl.gz") || $0.hasSuffix(".json") }
        let folders = names.filter { Self.isFolder(path + "/" + $0) }
        guard !known.isEmpty || !folders.isEmpty else {
            throw CommandError(
                "\(path): holds neither a capture (NNN-logs.bin with NNN-logs.headers.json) nor .jsonl files. "
                    + "Name the folder that does"
            )
        }
        for name in known + folders {
            do throws(CommandError) {
                let place = path + "/" + name
                if folders.contains(name) {
                    try self.readFolder(place, take, fault)
                } else {
                    try self.readFile(place, take)
                }
            } catch {
                fault(error)
            }
        }
    }

    /// A link to a folder is none: it may lead back.
    private static func isFolder(_ path: String) -> Bool {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType == .typeDirectory
    }

    private mutating func readFile(_ path: String, _ take: (Recording) -> Void) throws(CommandError) {
        let bytes = try Self.bytes(of: path)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let first = bytes.first(where: { $0 > 0x20 }) else { throw CommandError("\(path): the file is empty") }
        guard first == UInt8(ascii: "{") else {
            throw CommandError(
                "\(path): begins with byte \(first), not with `{`. Expected JSON lines (plain or gzip), or a folder "
                    + "with a capture"
            )
        }
        var text = LineFile(name: name, path: path)
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where line.contains(where: { $0 > 0x20 }) {
            text.number = index + 1
            try self.take(Array(line), &text, take)
        }
        try self.finish(&text, take)
    }

    static func bytes(of path: String) throws(CommandError) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandError("\(path): cannot be read. Check its permissions, and that it is a file")
        }
        guard data.count >= 2, data[data.startIndex] == 0x1f, data[data.startIndex + 1] == 0x8b else {
            // A byte order mark says nothing about UTF-8.
            return Array(data.starts(with: [0xef, 0xbb, 0xbf]) ? data.dropFirst(3) : data)
        }
        var bytes: [UInt8] = []
        do throws(GzipError) {
            try Gzip.decompress(Array(data), limit: Self.fileByteCountMax, into: &bytes)
        } catch {
            throw CommandError("\(path): broken gzip: \(error). Fetch the file again")
        }
        return bytes
    }

    // MARK: Lines

    /// A file of JSON lines while it is read.
    private struct LineFile {
        let name: String
        let path: String
        var number = 0
        var transcript: Transcript?
        /// Lines of a transcript that are no JSON.
        var brokenLines: [Int] = []
        /// The first line that could belong to anything, before it was clear what the file is.
        var unknownLine: Int?
        var otlp: Recording?
    }

    private mutating func take(
        _ line: [UInt8],
        _ file: inout LineFile,
        _ take: (Recording) -> Void
    ) throws(CommandError) {
        let place = "\(file.path):\(file.number)"
        let head = String(decoding: line.prefix(4_096), as: UTF8.self)
        if head.contains("\"resourceLogs\"") || head.contains("\"resourceMetrics\"") {
            var recording = file.otlp ?? Recording(id: file.name)
            let signal: OTLPSignal = head.contains("\"resourceLogs\"") ? .logs : .metrics
            try self.decode(line, signal, .json, nil, &recording, place)
            file.otlp = recording
            return
        }
        if file.transcript == nil, let recording = try self.caseRecording(line, place) {
            take(recording)
            return
        }
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(line)) else {
            if file.transcript != nil {
                file.brokenLines.append(file.number)
                return
            }
            throw CommandError("\(place): no JSON object. Expected one JSON object a line")
        }
        var transcript = file.transcript ?? Transcript()
        if transcript.take(value) || file.transcript != nil {
            file.transcript = transcript
        } else if value["type"]?.string != nil {
            // A transcript may begin with records of kinds that we do not know.
            file.unknownLine = file.unknownLine ?? file.number
        } else {
            throw Self.unknown(place)
        }
    }

    private static func unknown(_ place: String) -> CommandError {
        CommandError(
            "\(place): neither a case (events), nor OTLP/JSON (resourceLogs, resourceMetrics), nor a transcript "
                + "(type, message). Name another file"
        )
    }

    private mutating func finish(_ file: inout LineFile, _ take: (Recording) -> Void) throws(CommandError) {
        if var recording = file.otlp {
            recording.sortByTime()
            take(recording)
        }
        guard let transcript = file.transcript else {
            if let line = file.unknownLine, file.otlp == nil { throw Self.unknown("\(file.path):\(line)") }
            return
        }
        var recording = Recording(id: file.name)
        // The last line of a transcript that is still being written may be cut off.
        recording.brokenLineCount = file.brokenLines.count { $0 != file.number }
        try self.decode(transcript.text.request, .logs, .json, nil, &recording, file.path)
        take(recording)
    }

    private mutating func caseRecording(_ line: [UInt8], _ place: String) throws(CommandError) -> Recording? {
        guard let parsed = try? JSONDecoder().decode(CaseLine.self, from: Data(line)),
            parsed.events != nil || parsed.steps != nil
        else { return nil }
        if let fault = parsed.fault { throw CommandError("\(place): \(fault). Mend or remove the line") }
        var recording = Recording(id: parsed.name)
        recording.label = parsed.label
        recording.pattern = parsed.pattern
        recording.line = parsed
        var telemetry = CaseTelemetry(parsed, level: self.level)
        if self.level == .metrics {
            var metrics = CaseMetrics(telemetry)
            for request in metrics.requests() {
                let start = recording.items.count
                try self.decode(request.body, .metrics, .json, nil, &recording, place)
                for index in start..<recording.items.count { recording.items[index].index = request.index }
            }
        } else {
            for request in telemetry.logs() {
                try self.decode(request.body, .logs, .json, request.indices, &recording, place)
            }
        }
        return recording
    }

    private mutating func decode(
        _ body: [UInt8],
        _ signal: OTLPSignal,
        _ encoding: OTLPEncoding,
        _ indices: [Int]?,
        _ recording: inout Recording,
        _ place: String
    ) throws(CommandError) {
        do throws(OTLPDecodeError) {
            try self.decoder.append(body, signal, encoding, indices: indices, to: &recording)
        } catch {
            throw CommandError("\(place): no OTLP request: \(error)")
        }
    }
}
