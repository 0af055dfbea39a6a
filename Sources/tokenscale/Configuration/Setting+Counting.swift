import OTLP
import TokenscaleCore

extension Setting {
    static let counting: [Setting] = [
        .number(
            "staleness-seconds",
            .counting,
            \.aggregator.stalenessSeconds,
            in: 5...3_600,
            "A session is live for so long after its last sign. In an open turn it makes its pod unknown after this "
                + "silence, at most the window of 60 s: the HPA then holds."
        ),
        .number(
            "session-expiry-seconds",
            .counting,
            \.aggregator.sessionExpirySeconds,
            in: 60...86_400,
            "A session whose turn is open is forgotten after this silence, a finished one after half of it."
        ),
        .number(
            "pod-expiry-seconds",
            .counting,
            \.aggregator.podExpirySeconds,
            in: 60...604_800,
            "A pod without telemetry is forgotten after this; its counters leave `/metrics`."
        ),
        .number(
            "deduplication-seconds",
            .counting,
            \.aggregator.deduplicationSeconds,
            in: 60...3_600,
            "For how long a resent item is recognised at least. Claude Code resends within 10 s."
        ),
        .number(
            "settle-seconds",
            .counting,
            \.aggregator.settleSeconds,
            in: 0...300,
            "Tokens that only metrics know enter the rate of a session with events after this: logs may be late."
        ),
        .number(
            "export-interval-seconds",
            .counting,
            \.aggregator.exportIntervalSeconds,
            in: 1...600,
            "A metric increment is spread over at most this: the agents' OTEL_METRIC_EXPORT_INTERVAL."
        ),
        .number(
            "clock-tolerance-seconds",
            .counting,
            \.aggregator.clockToleranceSeconds,
            in: 1...3_600,
            "A sender's times may be behind by this much, steadily, before they are corrected."
        ),
        .integer(
            "session-start-sequence-max",
            .counting,
            \.aggregator.sessionStartSequenceMax,
            in: 0...100_000,
            "A session first met at a later `event.sequence` had begun before us: unknown until a window has passed."
        ),
        .texts(
            "trusted-peers",
            .counting,
            \.trustedPeers,
            allowed: "an address, a network (10.0.0.0/8), namespace:NAME, or * for everybody",
            "Senders that may name another pod than the one they send from: gateways such as an OpenTelemetry "
                + "Collector. It matters only with a cluster, whose pod directory tells who sends.",
            isValid: { PeerTrust(texts: [$0]) != nil }
        ),
    ]

    static let limits: [Setting] = [
        .integer(
            "pod-limit",
            .counting,
            \.aggregator.podLimit,
            in: 1...1_000_000,
            "Pods kept at once. Beyond, a namespace that holds its equal share or more gets no new ones; for one that "
                + "holds less, a silent pod of the largest makes room."
        ),
        .integer(
            "session-limit",
            .counting,
            \.aggregator.sessionLimit,
            in: 1...10_000_000,
            "Sessions kept at once. Beyond, shared among namespaces as `pod-limit`."
        ),
        .integer(
            "sessions-per-pod-limit",
            .counting,
            \.aggregator.sessionsPerPodLimit,
            in: 1...1_000_000,
            "Sessions kept at once in one pod."
        ),
        .integer(
            "models-per-session-limit",
            .counting,
            \.aggregator.modelsPerSessionLimit,
            in: 1...1_000,
            "Models told apart in one session; tokens of further ones are counted as `other`."
        ),
        .integer(
            "streams-per-session-limit",
            .counting,
            \.aggregator.streamsPerSessionLimit,
            in: 16...1_000_000,
            "Cumulative series remembered per session."
        ),
        .integer("queue-limit", .counting, \.aggregator.queueLimit, in: 1...1_000_000, "Queues kept at once."),
        .integer(
            "name-byte-limit",
            .counting,
            \.aggregator.nameByteLimit,
            in: 16...4_096,
            "Bytes kept of the name of a pod, namespace, session or model; longer names are cut."
        ),
        .integer(
            "deduplication-key-limit",
            .counting,
            \.aggregator.deduplicationKeyLimit,
            in: 1_024...100_000_000,
            "Deduplication keys in each of two generations; when one is full, the older one is dropped early."
        ),
    ]

    static let queue: [Setting] = [
        .number(
            "queue-staleness-seconds",
            .queue,
            \.aggregator.queueStalenessSeconds,
            in: 5...3_600,
            "A queue depth older than this is unknown."
        ),
        .texts(
            "queue-depth-metrics",
            .queue,
            \.names.queueDepthMetrics,
            allowed: "the name of a metric",
            "OTLP gauges (or sums) whose points count waiting tasks.",
            isValid: { !$0.isEmpty }
        ),
        .texts(
            "queue-name-attributes",
            .queue,
            \.names.queueNameAttributes,
            allowed: "the name of an attribute",
            "Attributes that name the queue of such a point; the first that is there wins.",
            isValid: { !$0.isEmpty }
        ),
        .objects(
            "runner-scrape-targets",
            .queue,
            \.runnerScrapeTargets,
            allowed: "a list of {url: http://HOST:PORT/metrics, namespace: NAME, queue: NAME}; queue may be left out",
            "Orchestrators of Anthropic's self-hosted environments whose queue depth is scraped. Several of one "
                + "environment are combined by their maximum; one that is not connected to the control plane is left "
                + "out; sessions that no runner will take (circuit-broken) are not counted.",
            isSecret: true,
            parse: { value throws(SettingError) in try RunnerTarget(value) },
            show: { $0.text }
        ),
        .number(
            "runner-scrape-interval-seconds",
            .queue,
            \.runnerScrapeIntervalSeconds,
            in: 1...300,
            "How often they are scraped."
        ),
    ]

    static let decoding: [Setting] = [
        .integer(
            "otlp-item-limit",
            .receiver,
            \.decodeLimits.itemCountMax,
            in: 1...10_000_000,
            "Points, log records and spans in one request."
        ),
        .integer(
            "otlp-block-limit",
            .receiver,
            \.decodeLimits.blockCountMax,
            in: 1...1_000_000,
            "Resource blocks in one request."
        ),
        .integer(
            "otlp-attribute-limit",
            .receiver,
            \.decodeLimits.attributeCountMax,
            in: 8...10_000,
            "Attributes of one point, record or resource."
        ),
        .integer(
            "otlp-attribute-byte-limit",
            .receiver,
            \.decodeLimits.attributeByteCountMax,
            in: 1_024...64 << 20,
            "Bytes of the name or the value of one attribute."
        ),
        .integer(
            "otlp-identity-byte-limit",
            .receiver,
            \.decodeLimits.identityByteCountMax,
            in: 64...65_536,
            "Bytes of a value that becomes a label or an identity: pod, namespace, session, model, queue."
        ),
        .integer(
            "otlp-label-limit",
            .receiver,
            \.decodeLimits.labelCountMax,
            in: 0...10_000,
            "Pod labels (`k8s.pod.label.*`) of one resource."
        ),
        .integer(
            "otlp-nesting-limit",
            .receiver,
            \.decodeLimits.nestingDepthMax,
            in: 2...64,
            "Nested arrays and objects of OTLP/JSON."
        ),
        .integer(
            "otlp-decode-base-bytes",
            .receiver,
            \.decodeLimits.arenaBaseByteCount,
            in: 4_096...64 << 20,
            "Decode memory that every request may use."
        ),
        .integer(
            "otlp-decode-bytes-per-body-byte",
            .receiver,
            \.decodeLimits.arenaBytesPerBodyByte,
            in: 2...100,
            "Decode memory besides, for each byte of the body."
        ),
    ]
}

extension PeerTrust {
    /// - Returns: `nil` if one of `texts` is not an address, a network, `namespace:NAME` or `*`.
    init?(texts: [String]) {
        self.init()
        for text in texts {
            if text == "*" {
                self.isEverybody = true
            } else if text.hasPrefix("namespace:"), text.count > 10 {
                self.namespaces.insert(String(text.dropFirst(10)))
            } else if let network = Network(text: text) {
                self.networks.append(network)
            } else {
                return nil
            }
        }
    }
}
