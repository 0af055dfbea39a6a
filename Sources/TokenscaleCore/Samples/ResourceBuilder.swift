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
        let bytes = text.extracting(name.offsets)
        let fingerprint = self.names.hash.hash128(bytes)
        let valueFingerprint = value.fingerprint(in: text, by: self.names.hash)
        batch.resource.combineUnordered(fingerprint.combined(with: valueFingerprint))
        switch self.names.attributes[fingerprint] {
        case .unknown: self.setLabel(name: name, bytes: bytes, value: value.stringRange, batch: &batch)
        case .instance: if value.kind != .empty { batch.instance = valueFingerprint }
        case let key where PodAttributes.keys.contains(key): batch.pod.set(key, to: self.identity(value.stringRange))
        default: break
        }
    }

    /// `k8s.pod.label.KEY`, in older versions of the conventions `k8s.pod.labels.KEY`.
    private mutating func setLabel(name: TextRange, bytes: RawSpan, value: TextRange, batch: inout ResourceBatch) {
        let prefix: StaticString = "k8s.pod.label"
        let length = prefix.utf8CodeUnitCount
        guard bytes.byteCount > length + 1, bytes.extracting(0..<length).isASCII(prefix) else { return }
        var start = length
        if bytes.unsafeByte(start) == UInt8(ascii: "s") { start += 1 }
        guard bytes.unsafeByte(start) == UInt8(ascii: "."), start + 1 < bytes.byteCount else { return }
        guard batch.labels.count < self.labelCountMax else {
            self.isOverLimit = true
            return
        }
        let key = TextRange(offset: Int(name.offset) + start + 1, byteCount: bytes.byteCount - start - 1)
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
