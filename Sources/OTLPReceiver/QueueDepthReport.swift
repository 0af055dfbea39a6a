import FoundationEssentials

/// The body of `POST /v1/queue-depth`: one object or an array of them.
///
/// `{"namespace":"agents","queue":"build","depth":17}`; with `"pod"` when the depth is that pod's own.
struct QueueDepthReport: Equatable {
    static let entryCountMax = 1000
    /// More than this is a mistake of the sender.
    static let depthMax = 1e9

    struct Entry: Equatable {
        var namespace: String
        var queue: String
        var pod: String?
        var depth: Double
    }

    struct Fault: Error, Equatable {
        var message: String
    }

    var entries: [Entry]

    init(json: [UInt8]) throws(Fault) {
        let raw: [RawEntry]
        do {
            raw = try JSONDecoder().decode(OneOrMany.self, from: Data(json)).entries
        } catch let fault as Fault {
            throw fault
        } catch {
            // The decoder's own message may quote the body.
            throw Fault(message: "not valid JSON; expected is \(Self.example) or an array of such objects")
        }
        guard raw.count <= Self.entryCountMax else {
            throw Fault(message: "more than \(Self.entryCountMax) entries; send several requests")
        }
        self.entries = []
        for (index, entry) in raw.enumerated() { self.entries.append(try Self.validated(entry, index: index)) }
    }

    static let example = #"{"namespace":"agents","queue":"build","depth":17}"#

    private static func validated(_ raw: RawEntry, index: Int) throws(Fault) -> Entry {
        func fault(_ text: String) -> Fault { Fault(message: "entry \(index): \(text)") }
        if let unknown = raw.unknownKeyCount, unknown > 0 {
            throw fault("unknown keys; allowed are namespace, queue, depth and pod")
        }
        guard let namespace = raw.namespace else { throw fault("namespace is missing") }
        guard let queue = raw.queue else { throw fault("queue is missing") }
        guard let depth = raw.depth else { throw fault("depth is missing") }
        guard self.isName(namespace, byteCountMax: 63, allowsDot: false) else {
            throw fault("namespace must be a Kubernetes name: 1 to 63 of a-z, 0-9 and -")
        }
        guard raw.pod.map({ self.isName($0, byteCountMax: 253, allowsDot: true) }) ?? true else {
            throw fault("pod must be a Kubernetes name: 1 to 253 of a-z, 0-9, - and .")
        }
        guard (1...253).contains(queue.utf8.count),
            queue.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0 != "\u{7f}" })
        else { throw fault("queue must have 1 to 253 bytes and no control characters") }
        guard depth >= 0, depth <= Self.depthMax else {
            throw fault("depth must be a number from 0 to \(Int(Self.depthMax))")
        }
        return Entry(namespace: namespace, queue: queue, pod: raw.pod, depth: depth)
    }

    /// A DNS label or subdomain: <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/>.
    private static func isName(_ text: String, byteCountMax: Int, allowsDot: Bool) -> Bool {
        guard (1...byteCountMax).contains(text.utf8.count) else { return false }
        let isAllowed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "-"): true
            case UInt8(ascii: "."): allowsDot
            default: false
            }
        }
        return isAllowed && !text.hasPrefix("-") && !text.hasSuffix("-")
    }
}

/// An array, or one object in its place.
private struct OneOrMany: Decodable {
    var entries: [RawEntry]

    init(from decoder: any Decoder) throws {
        if var list = try? decoder.unkeyedContainer() {
            self.entries = []
            // One more than allowed is enough to know that there are too many.
            while !list.isAtEnd, self.entries.count <= QueueDepthReport.entryCountMax {
                self.entries.append(try list.decode(RawEntry.self))
            }
        } else {
            self.entries = [try RawEntry(from: decoder)]
        }
    }
}

private struct RawEntry: Decodable {
    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    var namespace: String?
    var queue: String?
    var pod: String?
    var depth: Double?
    var unknownKeyCount: Int?

    init(from decoder: any Decoder) throws {
        guard let object = try? decoder.container(keyedBy: Key.self) else {
            throw QueueDepthReport.Fault(
                message: "expected is \(QueueDepthReport.example) or an array of such objects"
            )
        }
        var unknownKeyCount = 0
        for key in object.allKeys {
            switch key.stringValue {
            case "namespace": self.namespace = try Self.value(object, key, "a string")
            case "queue": self.queue = try Self.value(object, key, "a string")
            case "pod": self.pod = try Self.value(object, key, "a string")
            case "depth": self.depth = try Self.value(object, key, "a number")
            default: unknownKeyCount += 1
            }
        }
        self.unknownKeyCount = unknownKeyCount
    }

    private static func value<Value: Decodable>(
        _ object: KeyedDecodingContainer<Key>,
        _ key: Key,
        _ expected: String
    ) throws -> Value {
        guard let value = try? object.decode(Value.self, forKey: key) else {
            throw QueueDepthReport.Fault(message: "\(key.stringValue) must be \(expected)")
        }
        return value
    }
}
