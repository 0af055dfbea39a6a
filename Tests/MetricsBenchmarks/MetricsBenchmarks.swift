import Foundation
import HTTPTypes
import Logging
import MetricsAPI
import TokenscaleCore

/// `tokenscale-metrics-benchmarks`: what rendering `/metrics` and answering `pods/*` cost, in CPU time of the process.
@main
enum MetricsBenchmarks {
    static let time = Timestamp(seconds: 1_795_212_926)

    static func main() async throws {
        self.render()
        try await self.podsAnswer()
        self.namespaces()
    }

    // MARK: Rendering

    /// Our renderer against string interpolation that writes the very same text from prepared samples.
    private static func render() {
        let fleet = Self.fleet(podCount: 770)
        let exposition = MetricsExposition(
            configuration: .init(),
            serving: .init(),
            snapshots: SnapshotStore(fleet.snapshot),
            directories: PodDirectoryStore(fleet.directory),
            statistics: APIStatistics(),
            servedValues: ServedValueLog(limit: 10),
            version: "0",
            now: { Self.time }
        )
        let call = HTTPCall(target: "/metrics", headers: [.accept: "text/plain"])
        let text = String(decoding: exposition.respond(call).body, as: UTF8.self)
        let samples = NaiveSample.parse(text)
        var ours: [Double] = []
        var naive: [Double] = []
        for _ in 0..<15 {
            ours.append(Self.cpuSeconds { _ = exposition.respond(call) })
            naive.append(Self.cpuSeconds { _ = NaiveSample.render(samples) })
        }
        let gzipCall = HTTPCall(target: "/metrics", headers: [.accept: "text/plain", .acceptEncoding: "gzip"])
        let gzip = (0..<15).map { _ in Self.cpuSeconds { _ = exposition.respond(gzipCall) } }
        let count = Double(samples.count)
        print("rendering \(samples.count) series, \(text.utf8.count) bytes")
        print(
            "  tokenscale     \(Self.microseconds(ours)) µs, "
                + "\(Self.rounded(Self.median(ours) * 1e9 / count)) ns a series"
        )
        print("  interpolation  \(Self.microseconds(naive)) µs, without looking anything up")
        print("  with gzip 1    \(Self.microseconds(gzip)) µs")
        print("  ratio          \(Self.rounded(Self.median(naive) / Self.median(ours) * 10) / 10)×")
    }

    // MARK: pods/*

    private static func podsAnswer() async throws {
        let fleet = Self.fleet(podCount: 10_000)
        let server = MetricsAPIServer(
            configuration: ListenerConfiguration(name: "api", host: "127.0.0.1", port: 0),
            serving: .init(),
            certificates: try ServerCertificateStore(
                source: .selfSigned(names: ["localhost"]),
                now: { Timestamp(seconds: Int64(Date.now.timeIntervalSince1970)) },
                logger: Logger(label: "benchmark")
            ),
            sources: .init(
                snapshots: SnapshotStore(fleet.snapshot),
                directories: PodDirectoryStore(fleet.directory)
            ),
            version: "0",
            now: { Self.time },
            logger: Logger(label: "benchmark")
        )
        let root = "/apis/custom.metrics.k8s.io/v1beta2/namespaces/demo/pods/%2A/claude_tokens_per_minute"
        for headers in [[:], [.acceptEncoding: "gzip"]] as [HTTPFields] {
            let call = HTTPCall(target: "\(root)?labelSelector=app%3Dagent-3", headers: headers)
            var values: [Double] = []
            var byteCount = 0
            for _ in 0..<30 {
                let start = Self.cpuTime()
                byteCount = await server.respond(call).body.count
                values.append(Self.cpuTime() - start)
            }
            let label = headers.isEmpty ? "plain" : "gzip"
            print(
                "pods/* of 1,000 matching of 10,000 pods, \(label), \(byteCount) bytes: \(Self.microseconds(values)) µs"
            )
        }
    }

    // MARK: Namespaces

    /// What the autoscalers of one namespace among 200 ask, and what a new directory costs.
    private static func namespaces() {
        let fleet = Self.fleet(podCount: 10_000, namespaceCount: 200)
        let view = MetricsView(
            snapshot: fleet.snapshot,
            directory: fleet.directory,
            now: Self.time,
            configuration: ServingConfiguration()
        )
        guard let selection = try? MetricSelection(.tokensPerMinute) else { return }
        let deployment = ObjectReference(kind: .deployment, namespace: "team-7", name: "agent-3")
        let questions: [(name: String, ask: () -> Int?)] = [
            (
                "pods/* of the namespace",
                {
                    let answer = try? view.podValues(
                        .tokensPerMinute,
                        namespace: "team-7",
                        labels: .everything,
                        selection: selection
                    )
                    return answer?.values.count
                }
            ),
            (
                "its Deployment",
                {
                    (try? view.sum(.tokensPerMinute, of: deployment, selection: selection))?.contributions.count
                }
            ),
            (
                "external, by workload",
                {
                    let answer = try? view.externalValues(.tokensPerMinute, namespace: "team-7", selection: selection)
                    return answer?.count
                }
            ),
            (
                "a new directory",
                {
                    PodDirectory(pods: fleet.directory.records, workloads: [], isSynced: true, version: 2).count
                }
            ),
        ]
        print("10,000 pods in 200 namespaces")
        for question in questions {
            var count: Int?
            let values = (0..<50).map { _ in Self.cpuSeconds { count = question.ask() } }
            print("  \(question.name): \(Self.microseconds(values)) µs, \(count ?? -1) results")
        }
    }

    // MARK: Parts

    private struct Fleet {
        var snapshot: Snapshot
        var directory: PodDirectory
    }

    /// Pods in ten workloads of each namespace.
    private static func fleet(podCount: Int, namespaceCount: Int = 1) -> Fleet {
        var snapshot = Snapshot()
        snapshot.sequence = 1
        snapshot.time = Self.time
        snapshot.startTime = Self.time.advanced(bySeconds: -3600)
        var records: [PodRecord] = []
        for index in 0..<podCount {
            let workload = "agent-\(index / namespaceCount % 10)"
            let namespace = namespaceCount == 1 ? "demo" : "team-\(index % namespaceCount)"
            let id = PodID(namespace: namespace, name: "\(workload)-7d9f4c8b6-\(100_000 + index)")
            var pod = PodSnapshot(id: id)
            var rate = ModelRate(model: "claude-opus-5-5")
            rate.active = TokenCounts(input: Int64(index), output: 2000, cacheRead: 90_000, cacheCreation: 4000)
            pod.rates = [rate]
            pod.state = .active
            pod.workload = workload
            var session = SessionSnapshot(id: "session-\(index)")
            session.isLive = true
            pod.sessions = [session]
            snapshot.pods.append(pod)
            var counter = TokenCounter(pod: id, model: "claude-opus-5-5")
            counter.total = TokenCounts(input: 123_456, output: 7890, cacheRead: 12_345_678, cacheCreation: 99_999)
            snapshot.counters.append(counter)
            var record = PodRecord(id: id, uid: "uid-\(index)")
            record.labels = ["app": workload, "pod-template-hash": "7d9f4c8b6", "tier": "agents"]
            record.workload = WorkloadID(namespace: namespace, kind: "Deployment", name: workload)
            record.addresses = ["10.0.\(index / 250).\(index % 250)"]
            records.append(record)
        }
        snapshot.pods.sort { $0.id < $1.id }
        snapshot.counters.sort { $0.pod < $1.pod }
        let directory = PodDirectory(pods: records, workloads: [], isSynced: true, version: 1)
        return Fleet(snapshot: snapshot, directory: directory)
    }

    private static func cpuSeconds(_ work: () -> Void) -> Double {
        let start = self.cpuTime()
        work()
        return self.cpuTime() - start
    }

    /// CPU time of the process, in seconds: other load on the machine does not count.
    private static func cpuTime() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    /// Median and middle half.
    private static func microseconds(_ values: [Double]) -> String {
        let sorted = values.sorted()
        let parts = [sorted[sorted.count / 2], sorted[sorted.count / 4], sorted[sorted.count * 3 / 4]]
        let text = parts.map { "\(Int(($0 * 1e6).rounded()))" }
        return "\(text[0]) (\(text[1])–\(text[2]))"
    }

    private static func rounded(_ value: Double) -> Double { value.rounded() }
}

/// A sample as data, and the plain way to write it: the renderer to beat.
private struct NaiveSample {
    var name: String
    var labels: [(String, String)]
    var value: Double
    /// A `# …` line instead.
    var comment: String?

    static func parse(_ text: String) -> [NaiveSample] {
        text.split(separator: "\n").map { line in
            guard !line.hasPrefix("#") else {
                return NaiveSample(name: "", labels: [], value: 0, comment: String(line))
            }
            let end = line.lastIndex(of: " ") ?? line.startIndex
            let name = line.prefix { $0 != "{" && $0 != " " }
            let inside = line[..<end].dropFirst(name.count).dropFirst().dropLast()
            let labels = inside.split(separator: ",").map { pair in
                let key = pair.prefix { $0 != "=" }
                return (String(key), String(pair.dropFirst(key.count + 2).dropLast()))
            }
            return NaiveSample(name: String(name), labels: labels, value: Double(line[end...].dropFirst()) ?? 0)
        }
    }

    static func render(_ samples: [NaiveSample]) -> String {
        var text = ""
        for sample in samples {
            if let comment = sample.comment {
                text += "\(comment)\n"
                continue
            }
            let labels = sample.labels.map { "\($0.0)=\"\(self.escape($0.1))\"" }.joined(separator: ",")
            text += "\(sample.name){\(labels)} \(sample.value)\n"
        }
        return text
    }

    private static func escape(_ value: String) -> String {
        guard value.contains(where: { $0 == "\\" || $0 == "\"" || $0 == "\n" }) else { return value }
        return value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
