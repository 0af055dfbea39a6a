/// A family of metrics of another part of the program: receiver, alerts, cluster. Plain data, so that no edge needs to
/// know how it is shown.
package struct MetricFamily: Sendable {
    package enum Kind: Sendable {
        case counter
        case gauge
    }

    package struct Sample: Sendable {
        package var labels: [(name: String, value: String)]
        package var value: Double

        package init(_ value: Double, _ labels: [(name: String, value: String)] = []) {
            self.labels = labels
            self.value = value
        }
    }

    /// Without `_total`, which counters get when they are written.
    package var name: String
    package var kind: Kind
    package var help: String
    package var samples: [Sample]

    package init(_ name: String, _ kind: Kind, _ help: String, samples: [Sample]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    func write(to writer: inout ExpositionWriter) {
        writer.family(self.name, self.kind == .counter ? .counter : .gauge, self.help)
        for sample in self.samples {
            writer.sample(labels: LabelBlock(sample.labels.map { ($0.name, $0.value) }), sample.value)
        }
    }
}
