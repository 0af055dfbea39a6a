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

    /// - Parameter take: Gets one recording after another; files of many cases are never held whole.
    /// - Throws: ``CommandError``: what was seen, what is allowed, what to do.
    mutating func read(_ path: String, _ take: (Recording) -> Void) throws(CommandError) {
        var isFolder = false
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            throw CommandError(
                "\(path): no such file or directory, or not readable. Name a capture, a transcript or a case file"
            )
        }
        isFolder = attributes[.type] as? FileAttributeType == .typeDirectory
        guard isFolder else { return try self.readFile(path, take) }
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
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
        for name in known + folders { try self.read(path + "/" + name, take) }
    }

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
        for line in bytes.split(separator: UInt8(ascii: "\n")) where line.contains(where: { $0 > 0x20 }) {
            try self.take(Array(line), &text, take)
        }
        try self.finish(&text, take)
    }

    static func bytes(of path: String) throws(CommandError) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandError("\(path): cannot be read. Check its permissions")
        }
        guard data.count >= 2, data[data.startIndex] == 0x1f, data[data.startIndex + 1] == 0x8b else {
            return Array(data)
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
        var otlp: Recording?
    }

    private mutating func take(
        _ line: [UInt8],
        _ file: inout LineFile,
        _ take: (Recording) -> Void
    ) throws(CommandError) {
        file.number += 1
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
            // The last line of a transcript that is still being written may be cut off.
            if file.transcript != nil { return }
            throw CommandError("\(place): no JSON object. Expected one JSON object a line")
        }
        var transcript = file.transcript ?? Transcript()
        guard transcript.take(value) || file.transcript != nil else {
            throw CommandError(
                "\(place): neither a case (events), nor OTLP/JSON (resourceLogs, resourceMetrics), nor a transcript "
                    + "(type, message). Name another file"
            )
        }
        file.transcript = transcript
    }

    private mutating func finish(_ file: inout LineFile, _ take: (Recording) -> Void) throws(CommandError) {
        if var recording = file.otlp {
            recording.sortByTime()
            take(recording)
        }
        guard let transcript = file.transcript else { return }
        var recording = Recording(id: file.name)
        try self.decode(transcript.text.request, .logs, .json, nil, &recording, file.path)
        take(recording)
    }

    private mutating func caseRecording(_ line: [UInt8], _ place: String) throws(CommandError) -> Recording? {
        guard let parsed = try? JSONDecoder().decode(CaseLine.self, from: Data(line)),
            parsed.events != nil || parsed.steps != nil
        else { return nil }
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
