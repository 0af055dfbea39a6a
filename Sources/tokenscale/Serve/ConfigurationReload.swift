import Logging
import MetricsAPI
import NIOPosix
import ServiceLifecycle
import Synchronization
import TokenscaleCore

/// Reads the configuration again when SIGHUP asks for it.
///
/// One without faults ends the collector gracefully, and ``CollectorLoop`` begins the next one with it; with faults
/// nothing changes. See <doc:0004-a-reload-is-a-restart-inside>.
final class ConfigurationReload: Service {
    struct Status: Equatable, Sendable {
        var isSuccessful = true
        /// Of the last configuration that was taken into use.
        var successTime: Timestamp
    }

    private struct State {
        var status: Status
        var next: EffectiveConfiguration?
    }

    private let read: @Sendable () throws(ConfigurationError) -> EffectiveConfiguration
    private let logger: Logger
    private let state = Mutex(State(status: Status(successTime: WallClock.now())))

    /// - Parameter read: The same sources as at the start of the process.
    init(logger: Logger, read: @escaping @Sendable () throws(ConfigurationError) -> EffectiveConfiguration) {
        self.logger = logger
        self.read = read
    }

    var status: Status { self.state.withLock { $0.status } }

    /// Ends when there is a configuration to begin anew with, or at a shutdown.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: .milliseconds(500))) != nil {
                if HangupSignal.take(), await self.reload() { return }
            }
        }
    }

    /// What to begin anew with; `nil` when the process shall end.
    func takeNext() -> EffectiveConfiguration? {
        self.state.withLock { state in
            defer { state.next = nil }
            return state.next
        }
    }

    /// The configuration that was read cannot be used after all.
    func failed() { self.state.withLock { $0.status.isSuccessful = false } }

    private func reload() async -> Bool {
        let read = self.read
        // Reading files blocks: not on the cooperative pool. The pool of threads never ends.
        let result = try? await NIOThreadPool.singleton.runIfActive {
            Result { () throws(ConfigurationError) in try read() }
        }
        do throws(ConfigurationError) {
            guard let next = try result?.get() else { return false }
            let now = WallClock.now()
            self.state.withLock { $0 = State(status: Status(successTime: now), next: next) }
            self.logger.info("The configuration was read again: the collector begins anew with it")
            return true
        } catch {
            self.failed()
            for fault in error.faults {
                self.logger.error(
                    "The configuration has a fault: the one in use stays; correct it and send SIGHUP again",
                    metadata: ["fault": "\(fault.text)"]
                )
            }
            return false
        }
    }
}

extension ConfigurationReload.Status {
    /// For `/metrics`; named as Prometheus names its own.
    var families: [MetricFamily] {
        [
            MetricFamily(
                "tokenscale_config_last_reload_successful",
                .gauge,
                "Whether the last attempt to read the configuration succeeded.",
                samples: [.init(self.isSuccessful ? 1 : 0)]
            ),
            MetricFamily(
                "tokenscale_config_last_reload_success_timestamp_seconds",
                .gauge,
                "When the configuration in use was read.",
                samples: [.init(self.successTime.seconds(since: .zero))]
            ),
        ]
    }
}
