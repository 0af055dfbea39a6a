import TokenscaleCore

/// The series that describe the collector itself.
struct SelfExposition: Sendable {
    let snapshot: Snapshot
    let now: Timestamp
    let version: String
    let api: [APIStatistics.Key: Int64]
    let served: (entries: [ServedValueLog.Key: ServedValueLog.Entry], displacedCount: Int64)
    let scrapes: ScrapeStatistics.Values

    func write(to writer: inout ExpositionWriter) {
        writer.family("tokenscale_build_info", .gauge, "1, with the version of the program.")
        writer.sample([("version", self.version)], Int64(1))
        self.writeAggregator(to: &writer)
        self.writeServed(to: &writer)
        self.writeScrapes(to: &writer)
        ProcessStatistics.read().write(to: &writer)
    }

    private func writeAggregator(to writer: inout ExpositionWriter) {
        let statistics = self.snapshot.statistics
        writer.family("tokenscale_snapshot_age_seconds", .gauge, "Time since the collector last counted.")
        let age = self.snapshot.sequence > 0 ? max(0, self.now.seconds(since: self.snapshot.time)) : 0
        writer.sample([], age)
        writer.family("tokenscale_snapshots", .counter, "Times the collector counted.")
        writer.sample([], Double(self.snapshot.sequence))
        for (name, kind, help, value) in Self.scalars(of: statistics) {
            writer.family(name, kind, help)
            writer.sample([], value)
        }
        writer.family("tokenscale_attributed_items", .counter, "Telemetry items by what named their pod.")
        for source in AttributionSource.allCases {
            writer.sample([("source", source.name)], statistics.attribution[source] ?? 0)
        }
        writer.family("tokenscale_limited", .counter, "New pods, sessions and series, and oversized items, refused.")
        writer.sample([("resource", "pod")], statistics.limitedPodCount)
        writer.sample([("resource", "session")], statistics.limitedSessionCount)
        writer.sample([("resource", "series")], statistics.limitedSeriesCount)
        writer.sample([("resource", "item")], statistics.limitedItemCount)
        writer.family("tokenscale_displaced", .counter, "Pods and sessions forgotten for those of smaller namespaces.")
        writer.sample([("resource", "pod")], statistics.displacedPodCount)
        writer.sample([("resource", "session")], statistics.displacedSessionCount)
        writer.family("tokenscale_recorded_items", .counter, "Telemetry items by what became of them.")
        let outcome = statistics.outcome
        let outcomes = [
            ("accepted", outcome.acceptedCount), ("duplicate", outcome.duplicateCount),
            ("ignored", outcome.ignoredCount), ("limited", outcome.limitedCount),
            ("ambiguous", outcome.ambiguousCount), ("invalid", outcome.invalidCount),
            ("refused", outcome.refusedCount), ("unattributed", outcome.unattributedCount),
        ]
        for (name, count) in outcomes { writer.sample([("outcome", name)], Int64(count)) }
    }

    private static func scalars(
        of statistics: AggregatorStatistics
    ) -> [(String, ExpositionWriter.Kind, String, Int64)] {
        [
            ("tokenscale_tracked_pods", .gauge, "Pods in memory.", Int64(statistics.podCount)),
            ("tokenscale_tracked_sessions", .gauge, "Sessions in memory.", Int64(statistics.sessionCount)),
            ("tokenscale_tracked_series", .gauge, "Series in memory.", Int64(statistics.seriesCount)),
            (
                "tokenscale_accounting_drift_tokens", .gauge,
                "Tokens in events or metrics only, now, without what awaits the next export; the greater counts.",
                statistics.driftTokens
            ),
            (
                "tokenscale_unattributed_tokens", .counter, "Tokens that no pod could be named for.",
                statistics.unattributedTokens
            ),
            (
                "tokenscale_late_items", .counter, "Items too late for the window; they count in the totals.",
                statistics.lateItemCount
            ),
            ("tokenscale_future_items", .counter, "Items from the future; corrected.", statistics.futureItemCount),
            ("tokenscale_expired_sessions", .counter, "Sessions forgotten by age.", statistics.expiredSessionCount),
        ]
    }

    private func writeServed(to writer: inout ExpositionWriter) {
        writer.family("tokenscale_metrics_api_requests", .counter, "Requests to the metrics APIs by metric and code.")
        let counts = self.api.sorted { ($0.key.metric, $0.key.code) < ($1.key.metric, $1.key.code) }
        for (key, count) in counts { writer.sample([("metric", key.metric), ("code", "\(key.code)")], count) }
        let entries = self.served.entries
            .sorted { Self.order($0.key) < Self.order($1.key) }
            .map { key, entry in
                (
                    LabelBlock([
                        ("metric", key.metric), ("namespace", key.namespace), ("resource", key.resource),
                        ("name", key.name),
                    ]), entry
                )
            }
        writer.family("tokenscale_served_value", .gauge, "What the HPA was told last: the sum of the items.")
        for (labels, entry) in entries { writer.sample(labels: labels, entry.sum.value) }
        writer.family("tokenscale_served_items", .gauge, "Items in that answer.")
        for (labels, entry) in entries { writer.sample(labels: labels, Int64(entry.itemCount)) }
        writer.family("tokenscale_metric_age_seconds", .gauge, "Age of that answer's data when it was given.")
        for (labels, entry) in entries {
            writer.sample(labels: labels, max(0, entry.asked.seconds(since: entry.timestamp)))
        }
        writer.family(
            "tokenscale_served_values_displaced",
            .counter,
            "Questions forgotten for newer ones at the limit."
        )
        writer.sample([], self.served.displacedCount)
    }

    private static func order(_ key: ServedValueLog.Key) -> (String, String, String, String) {
        (key.metric, key.namespace, key.resource, key.name)
    }

    private func writeScrapes(to writer: inout ExpositionWriter) {
        writer.family("tokenscale_scrapes", .counter, "Scrapes of /metrics answered before this one.")
        writer.sample([], self.scrapes.count)
        writer.family("tokenscale_scrape_render_seconds", .counter, "Time spent on rendering and compressing them.")
        writer.sample([], self.scrapes.seconds)
        writer.family("tokenscale_scrape_size_bytes", .gauge, "Size of the last one, uncompressed.")
        writer.sample([], self.scrapes.byteCount)
        writer.family("tokenscale_known_scrapers", .gauge, "Scrapers that are shown new counters at 0 first.")
        writer.sample([], Int64(self.scrapes.scraperCount))
    }
}
