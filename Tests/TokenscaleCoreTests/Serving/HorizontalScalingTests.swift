import Testing
import TokenscaleCore

/// Outcomes recorded with kube-controller-manager 1.36.2 (the first sync of each case).
@Suite("HorizontalScaling")
struct HorizontalScalingTests {
    private static func quantity(_ text: String) -> Quantity { Quantity(parsing: text) ?? Quantity(milli: -1) }

    @Test(
        "a Pods metric",
        arguments: [
            ("300k", 4, 0, 6), ("181k", 4, 0, 4), ("219k", 4, 0, 4), ("221k", 4, 0, 5), ("0", 4, 0, 0),
            ("100k", 4, 0, 2), ("300k", 3, 1, 5), ("300k", 1, 3, 4), ("50k", 3, 1, 2), ("20k", 2, 2, 3),
        ] as [(String, Int, Int, Int)]
    )
    func pods(value: String, known: Int, missing: Int, replicas: Int) {
        let scaling = HorizontalScaling(currentReplicas: 4)
        let values = Array(repeating: Self.quantity(value), count: known)
        let result = scaling.replicas(podValues: values, missingCount: missing, target: Self.quantity("200000"))
        #expect(result == replicas)
    }

    @Test("no pod is known: it holds")
    func holds() {
        let scaling = HorizontalScaling(currentReplicas: 4)
        #expect(scaling.replicas(podValues: [], missingCount: 4, target: Self.quantity("200k")) == nil)
    }

    @Test("an Object or External metric with AverageValue", arguments: [("800k", 8), ("0", 0), ("410k", 4), ("30", 1)])
    func average(total: String, replicas: Int) {
        let scaling = HorizontalScaling(currentReplicas: 4)
        #expect(scaling.replicas(total: Self.quantity(total), averageTarget: Self.quantity("100k")) == replicas)
    }

    @Test(
        "an Object metric with Value counts ready pods",
        arguments: [("800k", 4, 16), ("800k", 0, 0), ("210k", 4, 4)]
    )
    func value(total: String, ready: Int, replicas: Int) {
        let scaling = HorizontalScaling(currentReplicas: 4)
        let result = scaling.replicas(
            total: Self.quantity(total),
            valueTarget: Self.quantity("200k"),
            readyCount: ready
        )
        #expect(result == replicas)
    }
}
