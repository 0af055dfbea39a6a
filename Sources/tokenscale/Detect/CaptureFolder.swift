import FoundationEssentials
import Gzip
import OTLP
import TokenscaleCore

/// A folder of recorded export requests: bodies (`NNN-logs.bin`, `.json`) with what was said about them
/// (`NNN-logs.headers.json`).
struct CaptureFolder {
    private struct Sidecar: Decodable {
        var transport: String?
        /// `metrics`, `logs` or `traces`; a scrape has none.
        var signal: String?
        var file: String?
    }

    let path: String
    let names: [String]

    mutating func recording(_ decoder: inout RecordingDecoder) throws(CommandError) -> Recording {
        var recording = Recording(id: self.path.split(separator: "/").last.map(String.init) ?? self.path)
        for name in self.names where name.hasSuffix(".headers.json") {
            let place = self.path + "/" + name
            guard let data = FileManager.default.contents(atPath: place),
                let sidecar = try? JSONDecoder().decode(Sidecar.self, from: data)
            else {
                throw CommandError("\(place): no description of a request (signal, file, headers). Record it again")
            }
            guard let signal = sidecar.signal, let file = sidecar.file, signal == "logs" || signal == "metrics" else {
                continue
            }
            var body = try RecordingReader.bytes(of: self.path + "/" + file)
            if sidecar.transport == "grpc" { body = try Self.message(of: body, place) }
            let isJSON = body.first == UInt8(ascii: "{")
            do throws(OTLPDecodeError) {
                try decoder.append(
                    body,
                    signal == "logs" ? .logs : .metrics,
                    isJSON ? .json : .protobuf,
                    to: &recording
                )
            } catch {
                throw CommandError("\(self.path)/\(file): no OTLP request: \(error). Record it again")
            }
        }
        // Batches overlap in time, and a refused one comes again.
        recording.sortByTime()
        return recording
    }

    /// gRPC's frame: one byte (1: gzip), four bytes length, message.
    private static func message(of frame: [UInt8], _ place: String) throws(CommandError) -> [UInt8] {
        let length = frame.count >= 5 ? frame[1..<5].reduce(0) { $0 << 8 | Int($1) } : 0
        guard frame.count >= 5, frame.count >= 5 + length else {
            throw CommandError("\(place): the gRPC frame is cut off: \(frame.count) bytes. Record it again")
        }
        let message = Array(frame[5..<5 + length])
        guard frame[0] == 1 else { return message }
        var bytes: [UInt8] = []
        do throws(GzipError) {
            try Gzip.decompress(message, limit: RecordingReader.fileByteCountMax, into: &bytes)
        } catch {
            throw CommandError("\(place): broken gzip: \(error). Record it again")
        }
        return bytes
    }
}
