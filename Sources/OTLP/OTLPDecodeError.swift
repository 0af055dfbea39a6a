/// Why a body was refused. Nothing of it has been recorded, and the same body will be refused again.
package enum OTLPDecodeError: Error, Equatable, Sendable {
    /// The body is not a message of its signal. `offset` counts bytes of the (decompressed) body; `nil` when unknown.
    case malformed(Fault, offset: Int?)
    /// A budget of ``DecodeLimits`` is exceeded. `seen` is a lower bound: decoding stops at the limit.
    case tooLarge(Budget, seen: Int, allowed: Int)

    package enum Fault: String, Sendable {
        case truncated = "the message ends in the middle of a field"
        case varint = "a variable-length integer is longer than 64 bits"
        case wireType = "a field has a wire type that protobuf does not allow there"
        case fieldNumber = "a field has the number 0"
        case envelope = "the message structure is not that of the signal"
        case jsonSyntax = "JSON syntax error"
        case jsonType = "a JSON value has a type that its field cannot have"
        case jsonNumber = "a JSON number is out of range"
        case jsonEscape = "a JSON string has an invalid escape"
    }

    package enum Budget: String, Sendable {
        case decodeMemory = "bytes of decode memory"
        case itemCount = "points, log records and spans in one request"
        case blockCount = "resource blocks in one request"
        case nestingDepth = "levels of nesting"
        case bodyByteCount = "bytes in one body"
    }

    /// Always false: sending the same bytes again cannot help.
    package var isRetryable: Bool { false }
}

extension OTLPDecodeError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let fault, let offset?): "malformed body at byte \(offset): \(fault.rawValue)"
        case .malformed(let fault, nil): "malformed body: \(fault.rawValue)"
        case .tooLarge(let budget, let seen, let allowed):
            "request too large: at least \(seen) \(budget.rawValue), allowed are \(allowed); send smaller batches"
        }
    }
}
