import FoundationEssentials
import Logging
import NIOPosix
import ServiceLifecycle
import TokenscaleCore

/// Writes the aggregator's state every few seconds and at the end, and finds it again at the start.
struct StateKeeper: Service {
    let aggregator: Aggregator
    let file: StateFile
    let interval: Duration
    let counters: ProcessCounters
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var throttle = LogThrottle()
            while !Task.isCancelled {
                // Only cancellation ends the sleep early; then the last write follows below.
                try? await Task.sleep(for: self.interval)
                if !Task.isCancelled { await self.write(&throttle) }
            }
        }
        var throttle = LogThrottle()
        await self.write(&throttle)
    }

    /// A state that cannot be written costs windows and totals at the next start, nothing now.
    private func write(_ throttle: inout LogThrottle) async {
        let aggregator = self.aggregator
        let file = self.file
        // Encoding is work and fsync(2) blocks: neither belongs on the cooperative pool.
        let result = try? await NIOThreadPool.singleton.runIfActive { () -> Result<Int, StateFileError> in
            let bytes = aggregator.encodeState(now: WallClock.now())
            do throws(StateFileError) {
                try file.write(bytes)
                return .success(bytes.count)
            } catch {
                return .failure(error)
            }
        }
        guard case .failure(let error) = result else {
            if case .success(let byteCount) = result { self.counters.stateWritten(byteCount: byteCount) }
            return
        }
        self.counters.stateWritten(byteCount: nil)
        guard let suppressed = throttle.pass(now: WallClock.now()) else { return }
        self.logger.error(
            "The state cannot be written: a restart would begin with empty windows. Check the data directory.",
            metadata: ["reason": "\(error)", "suppressed": "\(suppressed)"]
        )
    }

    /// The aggregator of this process: with the state of the former one, if there is one that can be read. Decoders
    /// must use the same hash.
    static func makeAggregator(
        configuration: AggregatorConfiguration,
        directory: PodDirectoryStore?,
        file: StateFile,
        logger: Logger
    ) -> (aggregator: Aggregator, hash: KeyedHash) {
        let now = WallClock.now()
        func fresh(key: UInt64 = .random(in: .min ... .max)) -> (aggregator: Aggregator, hash: KeyedHash) {
            let hash = KeyedHash(key: key, contentKey: .random(in: .min ... .max))
            let aggregator = Aggregator(
                configuration: configuration,
                hash: hash,
                startTime: now,
                directory: directory
            )
            return (aggregator, hash)
        }
        var failure: String
        do throws(StateFileError) {
            guard let bytes = try file.read() else { return fresh() }
            do throws(StateError) {
                let restored = fresh(key: try Aggregator.key(ofState: bytes))
                try restored.aggregator.restore(bytes, now: now)
                logger.info("The state of the former process is restored", metadata: ["bytes": "\(bytes.count)"])
                return restored
            } catch {
                failure = "\(error)"
            }
        } catch {
            failure = "\(error)"
        }
        let aside = file.path + ".unreadable"
        // If it cannot be put aside, it is overwritten: it could not be read anyway.
        try? FileManager.default.removeItem(atPath: aside)
        try? FileManager.default.moveItem(atPath: file.path, toPath: aside)
        logger.error(
            "The state of the former process cannot be read; counting begins at 0. The file is kept beside.",
            metadata: ["reason": "\(failure)", "kept": "\(aside)"]
        )
        return fresh()
    }
}
