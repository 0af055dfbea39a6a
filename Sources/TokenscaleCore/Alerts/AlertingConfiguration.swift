/// Where alerts are sent to.
package struct AlertReceiver: Equatable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// Alertmanager's API v2: `url` is its base; `/api/v2/alerts` is added.
        case alertmanager
        /// Any program: Alertmanager's webhook payload version 4, signed as Standard Webhooks demand.
        case webhook
        /// An incoming webhook of Slack (or Mattermost): give `urlFile`, the URL is a secret.
        case slack
        /// PagerDuty Events v2: `secretFiles` holds one file with the routing key.
        case pagerduty
        /// CloudEvents 1.0 over HTTP.
        case cloudevents
    }

    /// How a CloudEvent travels. <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md>
    package enum ContentMode: String, CaseIterable, Sendable {
        /// Attributes in `ce-…` headers, data in the body.
        case binary
        /// Everything in one JSON body.
        case structured
    }

    package var name: String
    package var kind: Kind
    /// Absolute `http` or `https` URL. Either this or ``urlFile``.
    package var url: String?
    /// A file that holds the URL, read anew for every delivery.
    package var urlFile: String?
    /// `webhook` and `cloudevents`: keys of the signature (`whsec_…` or raw text), newest first; two while a key is
    /// being replaced. `pagerduty`: one file with the routing key. Read anew for every delivery.
    package var secretFiles: [String] = []
    /// Sent as `Authorization: Bearer …`. Read anew for every delivery.
    package var bearerTokenFile: String?
    /// PEM files; the system's authorities when absent.
    package var tlsCAFile: String?
    package var tlsCertificateFile: String?
    package var tlsKeyFile: String?
    /// `http://HOST:PORT`; `nil`: what the environment says.
    package var proxyURL: String?
    /// Link-local and metadata addresses are refused unless this is set.
    package var allowsMetadataAddresses = false
    package var contentMode: ContentMode = .structured
    /// Whether ends of alerts are sent, too.
    package var sendsResolved = true
    package var timeoutSeconds: Double = 15

    package init(name: String, kind: Kind, url: String? = nil) {
        self.name = name
        self.kind = kind
        self.url = url
    }
}

/// Which alerts go to which receivers. Routes are tried in order; the first that matches decides.
package struct AlertRoute: Equatable, Sendable {
    /// All must match; none: everything matches.
    package var matchers: [LabelMatcher]
    /// Names of receivers; none: matching alerts are told to nobody.
    package var receivers: [String]
    /// Go on to the next route, too.
    package var continues = false

    package init(matchers: [LabelMatcher] = [], receivers: [String], continues: Bool = false) {
        self.matchers = matchers
        self.receivers = receivers
        self.continues = continues
    }
}

/// How hard to try to deliver.
package struct DeliveryPolicy: Equatable, Sendable {
    /// Waiting time before the n-th new attempt is drawn evenly from 0 to min(maximum, initial × 2ⁿ): "full jitter".
    /// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
    package var backoffInitialSeconds: Double = 1
    package var backoffMaximumSeconds: Double = 300
    /// `Retry-After` is obeyed up to this.
    package var retryAfterMaximumSeconds: Double = 3600
    /// A delivery that is not accepted within this is parked.
    package var ageLimitSeconds: Double = 86_400
    /// Failures in a row after which a receiver is left alone, and for how long.
    package var circuitFailureLimit = 5
    package var circuitOpenSeconds: Double = 30
    /// Requests to one receiver at the same time, for different alerts; after a pause one, until one succeeds.
    package var concurrentLimit = 8
    /// How often firing alerts are told to Alertmanager anew, which would otherwise resolve them. Their `endsAt` is
    /// four times this ahead.
    package var resendSeconds: Double = 60
    /// After SIGTERM, deliveries under way get this long.
    package var shutdownSeconds: Double = 3

    package init() {}
}

/// The file that alerts survive in.
package struct OutboxLimits: Equatable, Sendable {
    /// Transitions kept, sent or not.
    package var rowLimit = 100_000
    /// What was delivered or parked is forgotten after this.
    package var retentionSeconds: Double = 604_800
    /// Silences kept.
    package var silenceLimit = 1000

    package init() {}
}

/// All that an operator sets of alerting.
package struct AlertingConfiguration: Equatable, Sendable {
    package var receivers: [AlertReceiver] = []
    /// Empty: every alert goes to every receiver.
    package var routes: [AlertRoute] = []
    package var policy = AlertPolicy()
    package var delivery = DeliveryPolicy()
    package var outbox = OutboxLimits()
    package var links = AlertLinks()

    package init() {}

    /// The receivers of an alert with these labels, in the order of the configuration, each once.
    package func receivers(for labels: [String: String]) -> [String] {
        guard !self.routes.isEmpty else { return self.receivers.map(\.name) }
        var chosen: Set<String> = []
        for route in self.routes where route.matchers.matchAll(labels) {
            chosen.formUnion(route.receivers)
            if !route.continues { break }
        }
        return self.receivers.map(\.name).filter(chosen.contains)
    }

    package func receiver(named name: String) -> AlertReceiver? { self.receivers.first { $0.name == name } }
}
