/// How often each of the last sixteen files was read since a file was changed, work was committed, or a person asked
/// for something else. Needs tool details: without, no file is known.
struct FileReads {
    /// From the fifth time on it is often: 24 of 615 real healthy sessions came so far, and none read a file more than
    /// twelve times.
    private static let oftenMin: UInt8 = 5

    /// 16 bits of each file's hash: two of sixteen files are taken for one in 1 of 500 sessions.
    private var files = SIMD16<UInt16>(repeating: 0)
    private var counts = SIMD16<UInt8>(repeating: 0)
    private var newest: UInt8 = 0

    /// - Returns: The file had been read often already.
    mutating func note(_ file: UInt32) -> Bool {
        let mark = UInt16(truncatingIfNeeded: file)
        for index in 0..<16 where self.files[index] == mark && self.counts[index] > 0 {
            self.counts[index] = min(Self.oftenMin, self.counts[index] + 1)
            return self.counts[index] == Self.oftenMin
        }
        self.newest = (self.newest + 1) % 16
        self.files[Int(self.newest)] = mark
        self.counts[Int(self.newest)] = 1
        return false
    }

    mutating func clear() { self.counts = SIMD16(repeating: 0) }
}
