/// How many entries of one kind each namespace holds in one shard, and what becomes of a new one at the limit.
///
/// The share of a namespace is the limit divided by the namespaces that hold something. Who holds less than that is
/// never refused: an entry of the largest namespace makes room, which then holds more than its share. Who holds its
/// share or more gets nothing new until others leave. So nobody who invents entries can take those of others.
struct NamespaceShares: Sendable {
    enum Answer: Equatable, Sendable {
        case room
        /// An entry of this namespace has to go first.
        case insteadOf(namespace: Int)
        case refused
    }

    private let limit: Int
    /// By the namespace's number in ``NamespaceTable``.
    private var counts: [Int] = []
    private var total = 0
    private var holderCount = 0

    /// - Parameter limit: Entries of all namespaces together; at least 1.
    init(limit: Int) {
        precondition(limit > 0, "a limit of \(limit) entries")
        self.limit = limit
    }

    /// May `namespace` have another entry? O(1), at the limit O(namespaces) for those who hold less than their share.
    ///
    /// - Parameter namespace: `nil`: it is new and holds nothing.
    func answer(to namespace: Int?) -> Answer {
        guard self.total >= self.limit else { return .room }
        let held = namespace.map { self.count(of: $0) } ?? 0
        guard held < self.limit / (self.holderCount + (held == 0 ? 1 : 0)) else { return .refused }
        guard let largest = self.counts.indices.max(by: { self.counts[$0] < self.counts[$1] }) else { return .refused }
        return .insteadOf(namespace: largest)
    }

    mutating func add(to namespace: Int) {
        while self.counts.count <= namespace { self.counts.append(0) }
        if self.counts[namespace] == 0 { self.holderCount += 1 }
        self.counts[namespace] += 1
        self.total += 1
    }

    mutating func remove(from namespace: Int) {
        precondition(self.count(of: namespace) > 0, "namespace \(namespace) holds nothing that could go")
        self.counts[namespace] -= 1
        self.total -= 1
        if self.counts[namespace] == 0 { self.holderCount -= 1 }
    }

    func count(of namespace: Int) -> Int { namespace < self.counts.count ? self.counts[namespace] : 0 }
}

/// The namespaces with pods in one shard, by number, and their shares.
struct NamespaceTable: Sendable {
    private(set) var pods: NamespaceShares
    private(set) var sessions: NamespaceShares
    private var numbers: [String: Int] = [:]
    private var names: [String] = []
    private var free: [Int] = []

    init(podLimit: Int, sessionLimit: Int) {
        self.pods = NamespaceShares(limit: podLimit)
        self.sessions = NamespaceShares(limit: sessionLimit)
    }

    /// `nil`: it has no pod.
    func number(of name: String) -> Int? { self.numbers[name] }

    /// - Returns: The number of the pod's namespace, for as long as it has a pod.
    mutating func addPod(of name: String) -> Int {
        let number = self.numbers[name] ?? self.makeNumber(of: name)
        self.pods.add(to: number)
        return number
    }

    /// A pod goes; its sessions have gone.
    mutating func removePod(of number: Int) {
        self.pods.remove(from: number)
        guard self.pods.count(of: number) == 0 else { return }
        precondition(self.sessions.count(of: number) == 0, "\(self.names[number]) has sessions and no pod")
        self.numbers[self.names[number]] = nil
        self.names[number] = ""
        self.free.append(number)
    }

    mutating func addSession(of number: Int) { self.sessions.add(to: number) }

    mutating func removeSession(of number: Int) { self.sessions.remove(from: number) }

    private mutating func makeNumber(of name: String) -> Int {
        let number = self.free.popLast() ?? self.names.count
        if number == self.names.count { self.names.append(name) } else { self.names[number] = name }
        self.numbers[name] = number
        return number
    }
}
