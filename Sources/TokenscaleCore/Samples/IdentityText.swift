/// A short text of the sender that names something (a session, a model): where it lies, and its keyed fingerprint.
///
/// Equal fingerprints are equal texts (see ``Hash128``), so the bytes are needed for a new name only.
package struct IdentityText: Hashable, Sendable {
    package var range: TextRange
    package var fingerprint: Hash128

    /// - Parameter fingerprint: ``KeyedHash/hash128(_:)-(RawSpan)`` of the bytes.
    package init(range: TextRange, fingerprint: Hash128) {
        self.range = range
        self.fingerprint = fingerprint
    }

    /// No text: the attribute is absent, empty, or of another type.
    package static let absent = IdentityText(range: .absent, fingerprint: .absent)

    package var isAbsent: Bool { self.range.isAbsent }

    /// A string of the bytes. Allocates: for new identities only.
    package func string(in text: RawSpan) -> String { self.range.string(in: text) }
}
