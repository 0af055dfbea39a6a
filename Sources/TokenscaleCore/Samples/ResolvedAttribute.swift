/// An attribute whose name has been looked up, so that the next item with the same bytes need not do it again.
package struct ResolvedAttribute: Sendable {
    package var key: AttributeKey
    /// Of name and value: what the attribute adds to the identity of a stream. Absent for log records, which have none.
    package var fingerprint: Hash128
    package var value: AttributeValue

    package init(key: AttributeKey, fingerprint: Hash128, value: AttributeValue) {
        self.key = key
        self.fingerprint = fingerprint
        self.value = value
    }

    package static let none = ResolvedAttribute(key: .unknown, fingerprint: .absent, value: .empty)
}
