import FoundationEssentials
import Gzip
import OTLP

/// Request bodies of the recorded telemetry (`Tests/Fixtures/otlp`), gRPC framing and gzip removed.
struct RecordedBodies {
    var bodies: [[UInt8]] = []
    /// For protobuf metrics: where the start and end times of points are, per body.
    private var timeOffsets: [[Int]] = []

    var byteCount: Int { self.bodies.reduce(0) { $0 + $1.count } }

    /// - Parameters:
    ///   - folder: `Tests/Fixtures/otlp`.
    ///   - leftOut: Captures whose names contain one of these are skipped.
    init(folder: String, signal: String, encoding: OTLPEncoding, leftOut: [String] = []) throws {
        for capture in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
            // Cumulative values cannot be moved in time without changing what they mean.
            if (["cumulative", "prometheus"] + leftOut).contains(where: { capture.contains($0) }) { continue }
            let path = "\(folder)/\(capture)"
            guard let files = try? FileManager.default.contentsOfDirectory(atPath: path).sorted() else { continue }
            for file in files where file.hasSuffix("-\(signal).bin") || file.hasSuffix("-\(signal).json") {
                let body = try Self.body("\(path)/\(file)")
                guard (body.first == UInt8(ascii: "{")) == (encoding == .json) else { continue }
                self.bodies.append(body)
                self.timeOffsets.append(encoding == .protobuf && signal == "metrics" ? Self.timeOffsets(in: body) : [])
            }
        }
    }

    private static func body(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else { throw CocoaError(.fileReadNoSuchFile) }
        var bytes = [UInt8](data)
        // The first byte of a gRPC message says whether it is compressed; no protobuf body here begins with 0 or 1.
        if bytes[0] <= 1 { bytes.removeFirst(5) }
        guard bytes.starts(with: [0x1f, 0x8b]) else { return bytes }
        var output: [UInt8] = []
        try Gzip.decompress(bytes, limit: 1 << 24, into: &output)
        return output
    }

    /// Every `count`-th body, beginning with the one at `index`.
    func part(_ index: Int, of count: Int) -> RecordedBodies {
        var part = self
        part.bodies = stride(from: index, to: self.bodies.count, by: count).map { self.bodies[$0] }
        part.timeOffsets = stride(from: index, to: self.bodies.count, by: count).map { self.timeOffsets[$0] }
        return part
    }

    /// Moves every point by `seconds`, so that each round records new points of known series.
    ///
    /// - Parameter nanoseconds: Added. With one, no point becomes the same as a later one of its capture.
    mutating func advance(bySeconds seconds: UInt64, nanoseconds: UInt64 = 0) {
        for index in self.bodies.indices {
            for offset in self.timeOffsets[index] {
                var value: UInt64 = 0
                for byte in 0..<8 { value |= UInt64(self.bodies[index][offset + byte]) << (8 * byte) }
                value += seconds * 1_000_000_000 + nanoseconds
                for byte in 0..<8 { self.bodies[index][offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
            }
        }
    }

    // MARK: A plain walk of the wire format

    private static func timeOffsets(in body: [UInt8]) -> [Int] {
        var result: [Int] = []
        // resource_metrics, scope_metrics, metrics, sum, data_points
        Self.walk(body, 0..<body.count, path: [1, 2, 2, 7, 1]) { point in
            Self.fields(body, point) { number, type, range in
                if type == 1, number == 2 || number == 3 { result.append(range.lowerBound) }
            }
        }
        return result
    }

    private static func walk(_ body: [UInt8], _ range: Range<Int>, path: [UInt64], _ leaf: (Range<Int>) -> Void) {
        guard let next = path.first else { return leaf(range) }
        Self.fields(body, range) { number, type, range in
            if number == next, type == 2 { Self.walk(body, range, path: Array(path.dropFirst()), leaf) }
        }
    }

    private static func fields(_ body: [UInt8], _ range: Range<Int>, _ visit: (UInt64, UInt64, Range<Int>) -> Void) {
        var offset = range.lowerBound
        func varint() -> UInt64 {
            var value: UInt64 = 0
            var shift: UInt64 = 0
            while true {
                let byte = body[offset]
                offset += 1
                value |= UInt64(byte & 0x7f) << shift
                shift += 7
                if byte < 0x80 { return value }
            }
        }
        while offset < range.upperBound {
            let tag = varint()
            let length: Int
            switch tag & 7 {
            case 0:
                _ = varint()
                continue
            case 1: length = 8
            case 2: length = Int(varint())
            default: length = 4
            }
            visit(tag >> 3, tag & 7, offset..<offset + length)
            offset += length
        }
    }
}
