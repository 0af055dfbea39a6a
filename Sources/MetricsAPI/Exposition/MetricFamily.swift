/// A family of metrics of another part of the program: receiver, alerts, cluster. Plain data, so that no edge needs to
/// know how it is shown.
package struct MetricFamily: Sendable {
    package enum Kind: Sendable {
        case counter
        case gauge
        case histogram
    }

    package struct Sample: Sendable {
        package var labels: [(name: String, value: String)]
        package var value: Double
        /// Of a histogram's samples: `_bucket`, `_sum`, `_count`.
        package var suffix = ""

        package init(_ value: Double, _ labels: [(name: String, value: String)] = []) {
            self.labels = labels
            self.value = value
        }

        /// The samples of one histogram.
        ///
        /// - Parameters:
        ///   - bounds: Upper bounds of the buckets, ascending, without infinity.
        ///   - counts: Not cumulative; one more than `bounds`.
        package static func histogram(
            bounds: [Double],
            counts: [Int64],
            sum: Double,
            labels: [(name: String, value: String)]
        ) -> [Sample] {
            precondition(counts.count == bounds.count + 1, "\(counts.count) counts for \(bounds.count) bounds")
            var samples: [Sample] = []
            var total: Int64 = 0
            for (index, count) in counts.enumerated() {
                total += count
                let bound = index < bounds.count ? "\(bounds[index])" : "+Inf"
                var sample = Sample(Double(total), labels + [("le", bound)])
                sample.suffix = "_bucket"
                samples.append(sample)
            }
            for (suffix, value) in [("_sum", sum), ("_count", Double(total))] {
                var sample = Sample(value, labels)
                sample.suffix = suffix
                samples.append(sample)
            }
            return samples
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
        let kind: ExpositionWriter.Kind =
            switch self.kind {
            case .counter: .counter
            case .gauge: .gauge
            case .histogram: .histogram
            }
        writer.family(self.name, kind, self.help)
        for sample in self.samples {
            let labels = LabelBlock(sample.labels.map { ($0.name, $0.value) })
            writer.sample(suffix: sample.suffix, labels: labels, sample.value)
        }
    }
}
