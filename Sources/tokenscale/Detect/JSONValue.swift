import TokenscaleCore

/// Any JSON, for files whose shape is not ours.
enum JSONValue: Decodable {
    case null
    case truth(Bool)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .truth(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    var string: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }

    var integer: Int64? {
        guard case .number(let number) = self, abs(number) < 1e15 else { return nil }
        return Int64(number)
    }

    var isTrue: Bool {
        guard case .truth(let truth) = self else { return false }
        return truth
    }

    var elements: [JSONValue] {
        guard case .list(let list) = self else { return [] }
        return list
    }

    /// As text, members in the order of their names: equal values have equal texts.
    var canonical: String {
        switch self {
        case .null: "null"
        case .truth(let truth): truth ? "true" : "false"
        case .number(let number): number == number.rounded() && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)"
        case .text(let text): text.jsonQuoted
        case .list(let list): "[" + list.map(\.canonical).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }.map { $0.key.jsonQuoted + ":" + $0.value.canonical }
                .joined(separator: ",") + "}"
        }
    }
}
