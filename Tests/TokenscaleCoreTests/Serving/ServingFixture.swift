import TokenscaleCore

/// Snapshots and directories for the tests of the serving rules.
struct ServingFixture {
    var snapshot = Snapshot()
    var records: [PodRecord] = []
    var workloads: [WorkloadRecord] = []
    var relations = ObjectRelations()
    var isSynced = true
    var configuration = ServingConfiguration()

    static let time = Timestamp(seconds: 1_800_000_000)

    init() {
        self.snapshot.sequence = 7
        self.snapshot.time = Self.time
        self.snapshot.startTime = Self.time.advanced(bySeconds: -600)
    }

    func view(at now: Timestamp = Self.time) -> MetricsView {
        let directory = PodDirectory(
            pods: self.records,
            workloads: self.workloads,
            relations: self.relations,
            isSynced: self.isSynced,
            version: 1
        )
        return MetricsView(
            snapshot: self.snapshot,
            directory: directory,
            now: now,
            configuration: self.configuration
        )
    }

    /// A pod with telemetry and, unless `isListed` is false, a record.
    mutating func add(
        _ name: String,
        namespace: String = "demo",
        rates: [ModelRate] = [],
        state: PodState = .active,
        burstSecondCount: Int = 0,
        isListed: Bool = true,
        edit: (inout PodSnapshot) -> Void = { _ in }
    ) {
        var pod = PodSnapshot(id: PodID(namespace: namespace, name: name))
        pod.rates = rates
        pod.state = state
        pod.burstSecondCount = burstSecondCount
        pod.workload = "agents"
        pod.lastArrival = Self.time
        edit(&pod)
        self.snapshot.pods.append(pod)
        self.snapshot.pods.sort { $0.id < $1.id }
        if isListed { self.list(name, namespace: namespace) }
    }

    mutating func list(
        _ name: String,
        namespace: String = "demo",
        app: String = "agent",
        edit: (inout PodRecord) -> Void = { _ in }
    ) {
        var record = PodRecord(id: PodID(namespace: namespace, name: name), uid: "uid-\(namespace)-\(name)")
        record.labels = ["app": app]
        record.workload = WorkloadID(namespace: namespace, kind: "Deployment", name: "agents")
        record.node = "node-1"
        record.created = Self.time.advanced(bySeconds: -300)
        edit(&record)
        self.records.append(record)
    }

    mutating func addQueue(_ name: String, _ depth: Double, pod: String? = nil, ageSeconds: Double = 1) {
        self.snapshot.queues.append(
            QueueSnapshot(
                namespace: "demo",
                queue: name,
                pod: pod,
                depth: depth,
                source: .otlp,
                time: Self.time.advanced(bySeconds: -ageSeconds),
                isStale: ageSeconds > 90
            )
        )
    }

    static func rate(
        _ model: String = "opus",
        active: TokenCounts = .zero,
        stuck: TokenCounts = .zero,
        burst: TokenCounts = .zero
    ) -> ModelRate {
        var rate = ModelRate(model: model)
        rate.active = active
        rate.stuck = stuck
        rate.activeBurst = burst
        return rate
    }

    /// 1 000 input, 200 output, 50 000 cache reads, 300 cache creation.
    static let counts = TokenCounts(input: 1000, output: 200, cacheRead: 50_000, cacheCreation: 300)

    /// The text of the one served pod's value.
    func podValue(_ metric: ServedMetric, _ name: String, _ selector: String = "") throws -> String {
        let selection = try MetricSelection(metric, selector: LabelSelector(parsing: selector))
        let pod = PodID(namespace: "demo", name: name)
        return try self.view().podValue(metric, pod: pod, selection: selection).quantity.text
    }

    func objectValue(
        _ metric: ServedMetric,
        _ kind: ObjectKind,
        _ name: String,
        _ selector: String = ""
    ) throws -> ServedValue {
        let selection = try MetricSelection(metric, selector: LabelSelector(parsing: selector))
        let namespace = kind == .namespace ? name : "demo"
        let object = ObjectReference(kind: kind, namespace: namespace, name: name)
        return try self.view().objectValue(metric, of: object, selection: selection)
    }

    /// Runs `body` and answers the message of the error that it must throw.
    static func message(_ body: () throws -> some Any) -> String {
        do {
            _ = try body()
            return "no error"
        } catch let error as ServingError {
            return error.message
        } catch {
            return "\(error)"
        }
    }
}
