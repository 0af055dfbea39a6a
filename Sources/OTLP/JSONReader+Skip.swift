import TokenscaleCore

extension JSONReader {
    /// Passes over any value and checks its syntax, without recursion: a bit per level says whether it is an object.
    mutating func skip() throws(OTLPDecodeError) {
        var depth = 0
        var objects: UInt64 = 0
        repeat {
            // Here a value is next.
            switch try self.peek() {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                let isObject = self.bytes[self.position] == UInt8(ascii: "{")
                guard depth < self.nestingDepthMax else {
                    throw .tooLarge(.nestingDepth, seen: depth + 1, allowed: self.nestingDepthMax)
                }
                objects = objects << 1 | (isObject ? 1 : 0)
                depth += 1
                self.position += 1
                if try self.peek() != Self.closing(isObject: isObject) {
                    if isObject { try self.skipKey() }
                    continue
                }
            case UInt8(ascii: "\""): try self.skipString()
            case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try self.bool()
            case UInt8(ascii: "n"): _ = try self.readNull()
            default: _ = try self.double()
            }
            try self.skipEnds(&depth, &objects)
        } while depth > 0
    }

    /// After a value: closes levels up to the next comma.
    private mutating func skipEnds(_ depth: inout Int, _ objects: inout UInt64) throws(OTLPDecodeError) {
        while depth > 0 {
            let isObject = objects & 1 == 1
            let byte = try self.peek()
            self.position += 1
            if byte == UInt8(ascii: ",") {
                if isObject { try self.skipKey() }
                return
            }
            guard byte == Self.closing(isObject: isObject) else {
                self.position -= 1
                throw self.fault(.jsonSyntax)
            }
            objects >>= 1
            depth -= 1
        }
    }

    private mutating func skipKey() throws(OTLPDecodeError) {
        try self.skipString()
        try self.expect(UInt8(ascii: ":"))
    }

    private static func closing(isObject: Bool) -> UInt8 { isObject ? UInt8(ascii: "}") : UInt8(ascii: "]") }
}
