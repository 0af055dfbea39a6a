import TokenscaleCore

extension ItemDecoder {
    /// Reads one `LogRecord`.
    mutating func readRecord(_ range: Range<Int>, _ text: RawSpan) throws(OTLPDecodeError) {
        var reader = WireReader(range)
        var attributeCount = 0
        var isOverLimit = false
        self.events.begin()
        while reader.hasMore {
            let tag = try reader.tag(text)
            switch tag {
            case 0x32:
                let field = try reader.field(text)
                if let known = self.recordMemo.entry(at: attributeCount, field, in: text) {
                    let attribute = self.recordMemo.entries[known].attribute
                    self.events.set(attribute, movedBy: field.lowerBound, text: text)
                } else if try !self.readRecordAttribute(field, attributeCount, text) {
                    isOverLimit = true
                }
                attributeCount &+= 1
            case 0x09: self.events.set(recordTime: Timestamp(clampingUnixNano: try reader.fixed64(text)))
            case 0x59: self.events.set(observedTime: Timestamp(clampingUnixNano: try reader.fixed64(text)))
            case 0x2a:
                var body = AttributeValue.empty
                try Self.anyValue(reader.field(text), text, &body)
                self.events.set(body: body, text: text)
            case 0x62: self.events.set(eventName: text.extracting(try reader.field(text)))
            default: try reader.skip(tag, text)
            }
        }
        self.finishRecord(isOverLimit: isOverLimit)
    }

    /// Reads the attribute at place `index` of a record.
    ///
    /// - Returns: Is it within the limits?
    private mutating func readRecordAttribute(
        _ range: Range<Int>,
        _ index: Int,
        _ text: RawSpan
    ) throws(OTLPDecodeError) -> Bool {
        let (name, value) = try Self.keyValue(range, text)
        guard !self.isOverLimit(attributeCount: index &+ 1, name: name, value: value) else { return false }
        let attribute = self.events.resolve(name: text.extracting(name.offsets), value: value)
        self.recordMemo.remember(attribute, at: index, range, in: text)
        self.events.set(attribute, movedBy: 0, text: text)
        return true
    }

    /// Reads a `Resource` into the open block.
    ///
    /// - Returns: Does it break a limit?
    mutating func readResource(_ range: Range<Int>, _ text: RawSpan) throws(OTLPDecodeError) -> Bool {
        var reader = WireReader(range)
        var attributeCount = 0
        var isOverLimit = false
        let block = self.blocks.openIndex
        self.resource.begin()
        while reader.hasMore {
            let tag = try reader.tag(text)
            guard tag == 0x0a else {
                try reader.skip(tag, text)
                continue
            }
            let field = try reader.field(text)
            if let known = self.resourceMemo.entry(at: attributeCount, field, in: text) {
                let attribute = self.resourceMemo.entries[known].attribute
                self.resource.set(attribute, movedBy: field.lowerBound, batch: &self.blocks.blocks[block])
            } else if try !self.readResourceAttribute(field, attributeCount, text) {
                isOverLimit = true
            }
            attributeCount &+= 1
        }
        return isOverLimit || self.resource.isOverLimit
    }

    /// Reads the attribute at place `index` of the open block's resource.
    ///
    /// - Returns: Is it within the limits?
    private mutating func readResourceAttribute(
        _ range: Range<Int>,
        _ index: Int,
        _ text: RawSpan
    ) throws(OTLPDecodeError) -> Bool {
        let (name, value) = try Self.keyValue(range, text)
        guard !self.isOverLimit(attributeCount: index &+ 1, name: name, value: value) else { return false }
        let attribute = self.resource.resolve(name: name, value: value, text: text)
        if attribute.key != .podLabel { self.resourceMemo.remember(attribute, at: index, range, in: text) }
        self.resource.set(attribute, name: name, text: text, batch: &self.blocks.blocks[self.blocks.openIndex])
        return true
    }

    /// `KeyValue`: key = 1, value = 2.
    @inline(__always)
    static func keyValue(
        _ range: Range<Int>,
        _ text: RawSpan
    ) throws(OTLPDecodeError) -> (name: TextRange, value: AttributeValue) {
        var reader = WireReader(range)
        var name = TextRange.absent
        var value = AttributeValue.empty
        while reader.hasMore {
            let tag = try reader.tag(text)
            switch tag {
            case 0x0a: name = try reader.text(text)
            case 0x12: try Self.anyValue(reader.field(text), text, &value)
            default: try reader.skip(tag, text)
            }
        }
        return (name, value)
    }

    /// `AnyValue`. Arrays, lists and bytes stay opaque, so nesting costs nothing.
    @inline(__always)
    private static func anyValue(
        _ range: Range<Int>,
        _ text: RawSpan,
        _ value: inout AttributeValue
    ) throws(OTLPDecodeError) {
        var reader = WireReader(range)
        while reader.hasMore {
            let tag = try reader.tag(text)
            switch tag {
            case 0x0a: value = .string(try reader.text(text))
            case 0x10: value = .bool(try reader.varint(text) != 0)
            case 0x18: value = .int(Int64(bitPattern: try reader.varint(text)))
            case 0x21: value = .double(Double(bitPattern: try reader.fixed64(text)))
            case 0x2a, 0x32, 0x3a: value = .composite(try reader.text(text))
            default: try reader.skip(tag, text)
            }
        }
    }
}
