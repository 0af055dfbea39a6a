/// One line of the explanation: what was seen, what it weighed, what the sum was.
package struct EvidenceEntry: Sendable, Equatable {
    package var time: Timestamp
    package var kind: EvidenceKind
    package var evidence: Float
    package var score: Float
    package var tool: ToolKind
}
