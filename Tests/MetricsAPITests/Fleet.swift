import TokenscaleCore

/// A small fleet, written down: what the tests of this target serve.
struct Fleet: Sendable {
    var snapshot = Snapshot()
    var pods: [PodRecord] = []
    var workloads: [WorkloadRecord] = []
    var relations = ObjectRelations()
    var isSynced = true

    /// 2026-11-20T22:15:26Z, the time of the recorded exchanges.
    static let time = Timestamp(seconds: 1_795_212_926)

    init() {
        self.snapshot.sequence = 100
        self.snapshot.time = Self.time
        self.snapshot.startTime = Self.time.advanced(bySeconds: -3600)
    }

    var directory: PodDirectory {
        PodDirectory(
            pods: self.pods,
            workloads: self.workloads,
            relations: self.relations,
            isSynced: self.isSynced,
            version: 1
        )
    }

    func view(at now: Timestamp = Self.time, configuration: ServingConfiguration = .init()) -> MetricsView {
        MetricsView(snapshot: self.snapshot, directory: self.directory, now: now, configuration: configuration)
    }

    /// Adds a live pod with telemetry. `active` is in tokens per minute.
    mutating func add(
        _ name: String,
        namespace: String = "demo",
        active: TokenCounts = .zero,
        stuck: TokenCounts = .zero,
        state: PodState = .active,
        workload: String = "agents",
        model: String = "claude-opus-4-8"
    ) {
        let id = PodID(namespace: namespace, name: name)
        var pod = PodSnapshot(id: id)
        var rate = ModelRate(model: model)
        rate.active = active
        rate.stuck = stuck
        rate.activeBurst = active
        if rate.active != .zero || rate.stuck != .zero { pod.rates = [rate] }
        pod.state = state
        pod.workload = workload
        pod.labels = ["app": "claude-agent"]
        pod.attribution = .resource
        pod.lastArrival = Self.time
        pod.lastSample = Self.time
        self.snapshot.pods.append(pod)
        self.snapshot.pods.sort { $0.id < $1.id }
        var counter = TokenCounter(pod: id, model: model)
        counter.total = active + stuck
        counter.birthSequence = 1
        counter.created = self.snapshot.startTime
        self.snapshot.counters.append(counter)
        self.snapshot.counters.sort { ($0.pod, $0.model) < ($1.pod, $1.model) }
        var record = PodRecord(id: id, uid: "uid-\(name)")
        record.labels = ["app": "claude-agent"]
        record.workload = WorkloadID(namespace: namespace, kind: "Deployment", name: workload)
        record.node = "fake-node-0"
        self.pods.append(record)
    }

    mutating func addWorkload(_ kind: String, _ name: String, namespace: String = "demo", app: String = "claude-agent")
    {
        let selector = LabelSelector(requirements: [.init(key: "app", operation: .isIn([app]))])
        let id = WorkloadID(namespace: namespace, kind: kind, name: name)
        self.workloads.append(WorkloadRecord(id: id, selector: selector, replicas: 2))
    }

    mutating func addQueue(_ queue: String, depth: Double, pod: String? = nil, isStale: Bool = false) {
        self.snapshot.queues.append(
            QueueSnapshot(
                namespace: "demo",
                queue: queue,
                pod: pod,
                depth: depth,
                source: .push,
                time: Self.time.advanced(bySeconds: isStale ? -300 : -2),
                isStale: isStale
            )
        )
    }

    /// The pods, Service and Deployment of the recorded exchanges.
    static let recorded: Fleet = {
        var fleet = Fleet()
        let counts = TokenCounts(input: 100_000, output: 50_000, cacheRead: 900_000, cacheCreation: 100_500)
        fleet.add("agents-84c88bcf9b-c4v7f", active: counts)
        fleet.add("agents-84c88bcf9b-jzr8r", active: counts)
        fleet.addWorkload("Service", "front")
        fleet.addWorkload("Deployment", "agents")
        fleet.addQueue("work", depth: 42)
        fleet.addQueue("other", depth: 43)
        return fleet
    }()
}
