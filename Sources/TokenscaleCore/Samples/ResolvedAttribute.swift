/// An attribute whose name and value have been looked up, so that the next one with the same bytes need not be.
package struct ResolvedAttribute: Sendable {
    package var key: AttributeKey
    /// What the value says, for keys whose values are a few known words; 0: nothing.
    package var code: UInt8
    /// Of name and value: what the attribute adds to the identity of a stream.
    package var fingerprint: Hash128
    package var value: AttributeValue
    /// Of the value alone.
    package var valueFingerprint: Hash128

    package init(
        key: AttributeKey,
        code: UInt8 = 0,
        fingerprint: Hash128 = .absent,
        value: AttributeValue,
        valueFingerprint: Hash128 = .absent
    ) {
        self.key = key
        self.code = code
        self.fingerprint = fingerprint
        self.value = value
        self.valueFingerprint = valueFingerprint
    }

    package static let none = ResolvedAttribute(key: .unknown, value: .empty)

    /// With every range moved.
    package func moved(by offset: Int) -> ResolvedAttribute {
        var result = self
        result.value.text.move(by: offset)
        return result
    }
}

extension AttributeValue {
    /// The same value, where its text lies `offset` bytes further on.
    @inline(__always)
    func moved(by offset: Int) -> AttributeValue {
        var result = self
        result.text.move(by: offset)
        return result
    }
}
