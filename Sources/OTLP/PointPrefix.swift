import COTLP
import TokenscaleCore

/// The attributes that a point began with, as one run of bytes, and what the builder had made of them.
///
/// The points of a request agree in their first attributes (user, session, terminal…) and differ in one of the last
/// (`model`, `type`). Where two successive points first differ, the run ends; a point that begins with the same bytes
/// goes on from there. Of recorded points two thirds do.
struct PointPrefix {
    /// Where the run lies in the bytes of the request; empty: none is known.
    private var run = 0..<0
    private(set) var attributeCount = 0
    private(set) var progress = MetricPointBuilder.Progress()
    /// Where the attributes of the point before begin; -1: there is none.
    private var lastStart = -1

    var byteCount: Int { self.run.count }

    /// Forgets the request before.
    mutating func forget() {
        self.run = 0..<0
        self.lastStart = -1
    }

    /// A point's attributes begin at `start`. Is the run there, before `end`?
    ///
    /// - Returns: How much further on than it was.
    @inline(__always)
    func distance(to start: Int, before end: Int, in text: RawSpan) -> Int? {
        guard !self.run.isEmpty, self.run.count <= end &- start else { return nil }
        let isEqual = unsafe text.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return false }
            return unsafe bytes_are_equal(base + self.run.lowerBound, base + start, self.run.count)
        }
        return isEqual ? start &- self.run.lowerBound : nil
    }

    /// A point's attributes begin at `start`, before `end`.
    ///
    /// - Returns: Where they begin to differ from those of the point before; `end`: nowhere.
    mutating func divergence(from start: Int, before end: Int, in text: RawSpan) -> Int {
        let last = self.lastStart
        self.lastStart = start
        guard last >= 0 else { return end }
        let count = unsafe text.withUnsafeBytes { bytes in
            guard let base = unsafe bytes.bindMemory(to: UInt8.self).baseAddress else { return 0 }
            return unsafe common_byte_count(base + last, base + start, min(end &- start, start &- last))
        }
        return start &+ count
    }

    /// Makes `range` the run: `attributeCount` attributes and nothing else, of which `builder` made what it has.
    mutating func learn(_ range: Range<Int>, attributeCount: Int, _ builder: borrowing MetricPointBuilder) {
        guard attributeCount > 0 else { return }
        self.run = range
        self.attributeCount = attributeCount
        self.progress = builder.progress
    }
}
