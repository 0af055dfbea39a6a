/// Fills the resource's part of a ``ResourceBatch`` from the resource's attributes, in any order.
package struct ResourceBuilder: Sendable {
    private let names: KnownNames
    private let identityByteCountMax: Int
    private let labelCountMax: Int
    /// A pod attribute or label is longer than the limit, or there are too many labels.
    package private(set) var isOverLimit = false

    package init(names: KnownNames, identityByteCountMax: Int, labelCountMax: Int) {
        self.names = names
        self.identityByteCountMax = identityByteCountMax
        self.labelCountMax = labelCountMax
    }

    /// Forgets the resource before.
    package mutating func begin() { self.isOverLimit = false }

    /// One attribute of the resource. `name` and `value.text` are ranges of `text`, the bytes that travel with `batch`.
    package mutating func set(
        name: TextRange,
        value: AttributeValue,
        text: RawSpan,
        batch: inout ResourceBatch
    ) {
        self.set(self.resolve(name: name, value: value, text: text), name: name, text: text, batch: &batch)
    }

    /// The expensive half of ``set(name:value:text:batch:)``: the same for the same bytes.
    package func resolve(name: TextRange, value: AttributeValue, text: RawSpan) -> ResolvedAttribute {
        let bytes = text.extracting(name.offsets)
        let fingerprint = self.names.hash.hash128(bytes)
        let valueFingerprint = value.fingerprint(in: text, by: self.names.hash)
        var key = self.names.attributes[fingerprint]
        if key == .unknown, Self.labelKeyStart(in: bytes) != nil { key = .podLabel }
        return ResolvedAttribute(
            key: key,
            fingerprint: fingerprint.combined(with: valueFingerprint),
            value: value,
            valueFingerprint: valueFingerprint
        )
    }

    /// The other half.
    package mutating func set(
        _ attribute: ResolvedAttribute,
        name: TextRange,
        text: RawSpan,
        batch: inout ResourceBatch
    ) {
        self.set(attribute, movedBy: 0, batch: &batch)
        guard attribute.key == .podLabel else { return }
        self.setLabel(name: name, value: attribute.value.stringRange, text: text, batch: &batch)
    }

    /// The other half for all keys but ``AttributeKey/podLabel``, of which the name is kept too.
    ///
    /// - Parameter offset: How much further on than its ranges say the attribute lies.
    package mutating func set(
        _ attribute: borrowing ResolvedAttribute,
        movedBy offset: Int,
        batch: inout ResourceBatch
    ) {
        batch.resource.combineUnordered(attribute.fingerprint)
        switch attribute.key {
        case .instance: if attribute.value.kind != .empty { batch.instance = attribute.valueFingerprint }
        case let key where PodAttributes.keys.contains(key):
            batch.pod.set(key, to: self.identity(attribute.value.moved(by: offset).stringRange))
        default: break
        }
    }

    /// Where the key begins in `k8s.pod.label.KEY`, in older versions of the conventions `k8s.pod.labels.KEY`.
    private static func labelKeyStart(in name: RawSpan) -> Int? {
        let prefix: StaticString = "k8s.pod.label"
        let length = prefix.utf8CodeUnitCount
        guard name.byteCount > length + 1, name.extracting(0..<length).isASCII(prefix) else { return nil }
        var start = length
        if name.unsafeByte(start) == UInt8(ascii: "s") { start += 1 }
        guard name.unsafeByte(start) == UInt8(ascii: "."), start + 1 < name.byteCount else { return nil }
        return start + 1
    }

    private mutating func setLabel(name: TextRange, value: TextRange, text: RawSpan, batch: inout ResourceBatch) {
        guard let start = Self.labelKeyStart(in: text.extracting(name.offsets)) else { return }
        guard batch.labels.count < self.labelCountMax else {
            self.isOverLimit = true
            return
        }
        let key = TextRange(offset: Int(name.offset) + start, byteCount: Int(name.byteCount) - start)
        batch.labels.append(LabelRange(key: self.identity(key), value: self.identity(value)))
    }

    private mutating func identity(_ range: TextRange) -> TextRange {
        guard Int(range.byteCount) <= self.identityByteCountMax else {
            self.isOverLimit = true
            return .absent
        }
        return range
    }
}
