/// Writes the few protobuf messages that a receiver answers with.
/// Wire format: <https://protobuf.dev/programming-guides/encoding/>.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append(varint value: UInt64) {
        var value = value
        while value >= 0x80 {
            self.bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        self.bytes.append(UInt8(truncatingIfNeeded: value))
    }

    /// A field of wire type 0 (VARINT). The default value 0 is left out, as proto3 does.
    mutating func append(field: UInt64, varint value: Int) {
        precondition(value >= 0, "negative value \(value) for field \(field)")
        guard value != 0 else { return }
        self.append(varint: field << 3)
        self.append(varint: UInt64(value))
    }

    /// A field of wire type 2 (LEN), also when empty: a message's presence counts.
    mutating func append(field: UInt64, bytes: some Collection<UInt8>) {
        self.append(varint: field << 3 | 2)
        self.append(varint: UInt64(bytes.count))
        self.bytes.append(contentsOf: bytes)
    }

    mutating func append(field: UInt64, text: String) {
        guard !text.isEmpty else { return }
        self.append(field: field, bytes: text.utf8)
    }

    mutating func append(field: UInt64, message: (inout ProtobufWriter) -> Void) {
        var writer = ProtobufWriter()
        message(&writer)
        self.append(field: field, bytes: writer.bytes)
    }
}
