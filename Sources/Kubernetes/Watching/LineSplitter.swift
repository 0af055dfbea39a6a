/// Cuts a stream of chunks into lines, without copying what is already complete more than once.
struct LineSplitter {
    private var buffer: [UInt8] = []
    /// Start of the first line that has not been handed out.
    private var start = 0
    /// Up to here there is no newline.
    private var scanned = 0
    let lineByteLimit: Int

    init(lineByteLimit: Int) { self.lineByteLimit = lineByteLimit }

    mutating func append(_ chunk: [UInt8]) {
        if self.start > 0 {
            self.buffer.removeFirst(self.start)
            self.scanned -= self.start
            self.start = 0
        }
        self.buffer += chunk
    }

    /// The next complete line without its newline, empty lines left out; `nil` when more bytes are needed.
    mutating func next() -> ArraySlice<UInt8>? {
        while let end = self.buffer[self.scanned...].firstIndex(of: 0x0a) {
            let line = self.buffer[self.start..<end]
            self.start = end + 1
            self.scanned = self.start
            if !line.isEmpty { return line }
        }
        self.scanned = self.buffer.count
        return nil
    }

    var isOverLimit: Bool { self.buffer.count - self.start > self.lineByteLimit }
}
