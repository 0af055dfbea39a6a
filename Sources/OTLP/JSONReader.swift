import TokenscaleCore

/// A pull reader of JSON: no tree, no recursion, no string. The caller asks for what it expects next.
///
/// It works on a copy of the body, in which a string with escapes is replaced by its contents when it is read. Ranges
/// are offsets of that copy (``bytes``). A string must be read only once; passing over it first (``skip()``) is fine.
/// Grammar: <https://www.rfc-editor.org/rfc/rfc8259>. Control characters inside of strings are let through.
struct JSONReader {
    /// Memory beyond this is given back after the request that needed it.
    private static let retainedByteCount = 4 << 20

    var bytes: [UInt8] = []
    var position = 0
    let nestingDepthMax: Int

    init(nestingDepthMax: Int) { self.nestingDepthMax = min(max(nestingDepthMax, 1), 64) }

    /// Begins a new body.
    mutating func load(_ body: RawSpan) {
        self.bytes.removeAll(keepingCapacity: true)
        unsafe body.withUnsafeBytes { unsafe self.bytes.append(contentsOf: $0) }
        self.position = 0
    }

    /// Gives back what only a large request needs.
    mutating func release() {
        if self.bytes.capacity > Self.retainedByteCount { self.bytes = [] }
    }

    // MARK: Structure

    /// The first byte of the next token; it is not consumed.
    @inline(__always)
    mutating func peek() throws(OTLPDecodeError) -> UInt8 {
        var position = self.position
        let count = self.bytes.count
        while position < count {
            let byte = self.bytes[position]
            guard byte <= 0x20 else {
                self.position = position
                return byte
            }
            guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { break }
            position &+= 1
        }
        self.position = position
        throw self.fault(position < count ? .jsonSyntax : .truncated)
    }

    @inline(__always)
    mutating func expect(_ byte: UInt8) throws(OTLPDecodeError) {
        guard try self.peek() == byte else { throw self.fault(.jsonSyntax) }
        self.position &+= 1
    }

    /// Opens an object or, for `null`, answers false: in protobuf's JSON mapping that is an absent field.
    @inline(__always)
    mutating func beginObject() throws(OTLPDecodeError) -> Bool { try self.begin(UInt8(ascii: "{")) }

    @inline(__always)
    mutating func beginArray() throws(OTLPDecodeError) -> Bool { try self.begin(UInt8(ascii: "[")) }

    @inline(__always)
    private mutating func begin(_ bracket: UInt8) throws(OTLPDecodeError) -> Bool {
        if try self.peek() == bracket {
            self.position &+= 1
            return true
        }
        if try self.readNull() { return false }
        throw self.fault(.jsonType)
    }

    /// The key of the next member, or `nil` at the end of the object, which is consumed.
    ///
    /// - Parameter isFirst: Make it true before the first call.
    @inline(__always)
    mutating func nextKey(_ isFirst: inout Bool) throws(OTLPDecodeError) -> JSONKey? {
        guard try self.next(UInt8(ascii: "}"), &isFirst) else { return nil }
        let range = try self.string()
        try self.expect(UInt8(ascii: ":"))
        return JSONKey(unsafe self.bytes.span.bytes.extracting(range.offsets))
    }

    /// Is there another element? The end of the array is consumed.
    @inline(__always)
    mutating func nextElement(_ isFirst: inout Bool) throws(OTLPDecodeError) -> Bool {
        try self.next(UInt8(ascii: "]"), &isFirst)
    }

    @inline(__always)
    private mutating func next(_ end: UInt8, _ isFirst: inout Bool) throws(OTLPDecodeError) -> Bool {
        let byte = try self.peek()
        if isFirst {
            isFirst = false
            guard byte == end else { return true }
        } else if byte == UInt8(ascii: ",") {
            self.position &+= 1
            // A comma before the end is a fault; the element's own reader finds it.
            return true
        }
        guard byte == end else { throw self.fault(.jsonSyntax) }
        self.position &+= 1
        return false
    }

    /// Nothing but white space may follow the message.
    mutating func end() throws(OTLPDecodeError) {
        while self.position < self.bytes.count {
            let byte = self.bytes[self.position]
            guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { throw self.fault(.jsonSyntax) }
            self.position += 1
        }
    }

    /// Consumes `null` if it is next.
    mutating func readNull() throws(OTLPDecodeError) -> Bool {
        guard try self.peek() == UInt8(ascii: "n") else { return false }
        try self.literal("null")
        return true
    }

    mutating func bool() throws(OTLPDecodeError) -> Bool {
        switch try self.peek() {
        case UInt8(ascii: "t"):
            try self.literal("true")
            return true
        case UInt8(ascii: "f"):
            try self.literal("false")
            return false
        default: throw self.fault(.jsonType)
        }
    }

    private mutating func literal(_ word: StaticString) throws(OTLPDecodeError) {
        let length = word.utf8CodeUnitCount
        guard self.bytes.count - self.position >= length else { throw self.fault(.truncated) }
        let range = self.position..<self.position + length
        guard unsafe self.bytes.span.bytes.extracting(range).isASCII(word) else { throw self.fault(.jsonSyntax) }
        self.position += length
    }

    @inline(never)
    func fault(_ fault: OTLPDecodeError.Fault) -> OTLPDecodeError { .malformed(fault, offset: self.position) }
}
