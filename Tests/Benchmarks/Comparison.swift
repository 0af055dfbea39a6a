import FoundationEssentials

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Two variants of the same work, measured in turns in one run, in CPU time of this thread: other load on the machine
/// adds noise to both, not bias to one.
struct Comparison {
    /// Nanoseconds per item, one value per round, sorted.
    var ours: [Double] = []
    var reference: [Double] = []

    /// - Parameters:
    ///   - prepare: Comes before each call of either; not measured.
    ///   - ours: Does the work once and answers the number of items.
    init(
        roundCount: Int,
        prepare: () -> Void = {},
        ours: () throws -> Int,
        reference: () throws -> Int
    ) rethrows {
        for _ in 0..<roundCount {
            self.ours.append(try Self.nanosecondsPerItem(prepare, ours))
            self.reference.append(try Self.nanosecondsPerItem(prepare, reference))
        }
        self.ours.sort()
        self.reference.sort()
    }

    /// The ratio of the medians, and of the least favourable quartiles.
    var ratio: Double { Self.quantile(self.reference, 0.5) / Self.quantile(self.ours, 0.5) }
    var pessimisticRatio: Double { Self.quantile(self.reference, 0.25) / Self.quantile(self.ours, 0.75) }

    func report(_ title: String, _ unit: String) {
        func median(_ values: [Double]) -> String { Self.rounded(Self.quantile(values, 0.5)) }
        func spread(_ values: [Double]) -> String {
            "\(Self.rounded(Self.quantile(values, 0.25)))–\(Self.rounded(Self.quantile(values, 0.75)))"
        }
        print("\(title)")
        print("  tokenscale      \(median(self.ours)) ns per \(unit) (middle half \(spread(self.ours)))")
        print("  swift-protobuf  \(median(self.reference)) ns per \(unit) (middle half \(spread(self.reference)))")
        let ratios = "\(Self.tenths(self.ratio))× (unfavourable quartiles \(Self.tenths(self.pessimisticRatio))×)"
        print("  ratio           \(ratios)")
    }

    private static func nanosecondsPerItem(_ prepare: () -> Void, _ work: () throws -> Int) rethrows -> Double {
        var time = 0.0
        var itemCount = 0
        repeat {
            prepare()
            let start = Self.threadTime()
            itemCount += try work()
            time += Self.threadTime() - start
        } while time < 20e6
        return time / Double(max(itemCount, 1))
    }

    /// CPU time of this thread, in nanoseconds.
    static func threadTime() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    static func quantile(_ sorted: [Double], _ part: Double) -> Double {
        sorted[Int((Double(sorted.count - 1) * part).rounded())]
    }

    private static func rounded(_ value: Double) -> String { "\(Int(value.rounded()))" }
    static func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
