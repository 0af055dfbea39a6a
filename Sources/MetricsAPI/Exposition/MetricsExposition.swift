import HTTPTypes
import Synchronization
package import TokenscaleCore

/// `/metrics`: the current snapshot as Prometheus text or OpenMetrics.
package final class MetricsExposition: Sendable {
    /// What an operator sets.
    package struct Configuration: Equatable, Sendable {
        /// Pods with series of their own, per namespace; the rest share `pod="other"`.
        package var podsPerNamespaceLimit = 5000
        /// Scrapers that are remembered so that counters can be born at 0.
        package var scraperLimit = 64

        package init() {}
    }

    private let snapshots: SnapshotStore
    private let directories: PodDirectoryStore
    private let serving: ServingConfiguration
    private let version: String
    private let now: @Sendable () -> Timestamp
    private let statistics: APIStatistics
    private let servedValues: ServedValueLog
    private let additional: @Sendable () -> [MetricFamily]
    private let admission: Mutex<SeriesAdmission>
    private let scrapers: ScraperTable
    private let scrapes = ScrapeStatistics()

    /// - Parameter additional: Families of other parts of the program, asked for at each scrape.
    package init(
        configuration: Configuration,
        serving: ServingConfiguration,
        snapshots: SnapshotStore,
        directories: PodDirectoryStore,
        statistics: APIStatistics,
        servedValues: ServedValueLog,
        version: String,
        now: @escaping @Sendable () -> Timestamp,
        additional: @escaping @Sendable () -> [MetricFamily] = { [] }
    ) {
        self.snapshots = snapshots
        self.directories = directories
        self.serving = serving
        self.version = version
        self.now = now
        self.statistics = statistics
        self.servedValues = servedValues
        self.additional = additional
        self.admission = Mutex(SeriesAdmission(podLimit: configuration.podsPerNamespaceLimit))
        self.scrapers = ScraperTable(limit: configuration.scraperLimit)
    }

    package func respond(_ call: HTTPCall) -> HTTPReply {
        let start = ContinuousClock.now
        let now = self.now()
        let snapshot = self.snapshots.current
        let last = self.scrapers.lastSequence(of: call, sequence: snapshot.sequence, now: now)
        let (format, escaping) = ExpositionFormat.negotiate(AcceptHeader(call.headers[.accept]))
        let body = self.render(snapshot, format: format, lastSequence: last, now: now)
        let contentType = format.contentType(escaping: escaping)
        var reply = HTTPReply(contentType: contentType, body: body)
        reply.headers[.vary] = "Accept"
        reply = reply.compressed(for: call)
        let duration = ContinuousClock.now - start
        self.scrapes.record(
            seconds: Double(duration.components.attoseconds) / 1e18 + Double(duration.components.seconds),
            byteCount: body.count,
            scraperCount: self.scrapers.count
        )
        return reply
    }

    private func render(
        _ snapshot: Snapshot,
        format: ExpositionFormat,
        lastSequence: UInt64?,
        now: Timestamp
    ) -> [UInt8] {
        let admission = self.admission.withLock { admission in
            admission.update(snapshot)
            return admission
        }
        let view = MetricsView(
            snapshot: snapshot,
            directory: self.directories.current,
            now: now,
            configuration: self.serving
        )
        let expected = 32_768 + snapshot.counters.count * 500 + snapshot.pods.count * 1500
        var writer = ExpositionWriter(format: format, reservedByteCount: min(expected, 64 << 20))
        SnapshotExposition(view: view, admission: admission, lastSequence: lastSequence).write(to: &writer)
        SelfExposition(
            snapshot: snapshot,
            now: now,
            version: self.version,
            api: self.statistics.current,
            served: self.servedValues.current(at: now),
            scrapes: self.scrapes.current
        ).write(to: &writer)
        for family in self.additional() { family.write(to: &writer) }
        writer.end()
        return writer.bytes
    }
}
