import Alerting
import Foundation
import Logging
import TokenscaleCore

/// `AlertingCrashSubject OUTBOX URL FIRST_TICK LAST_TICK SEED`: runs the evaluator over a made-up history, one tick
/// after the other without pause, and the sender beside it, until it is killed or everything is delivered.
///
/// Prints each tick when it is done. The history depends on the tick's number and the seed only.
@main
enum AlertingCrashSubject {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 6, let first = Int(arguments[3]), let last = Int(arguments[4]),
            let seed = UInt64(arguments[5])
        else { exit(64) }
        var configuration = AlertingConfiguration()
        configuration.policy = CrashHistory.policy
        configuration.receivers = [
            AlertReceiver(name: "one", kind: .webhook, url: arguments[2] + "-one/200"),
            AlertReceiver(name: "two", kind: .cloudevents, url: arguments[2] + "-two/200,500,200,200,reset,200"),
        ]
        configuration.delivery.backoffInitialSeconds = 0.01
        configuration.delivery.backoffMaximumSeconds = 0.02
        configuration.delivery.circuitFailureLimit = 1000
        let status = AlertingStatusStore()
        let outbox = AlertOutbox(path: arguments[1])
        let logger = Logger(label: "crash") { _ in SwiftLogNoOpLogHandler() }
        let sender = WebhookSender(
            configuration: configuration,
            outbox: outbox,
            status: status,
            userAgent: "tokenscale/test",
            now: { Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9)) },
            logger: logger
        )
        var evaluator = AlertEvaluator(
            outbox: outbox,
            configuration: configuration,
            status: status,
            sender: sender,
            logger: logger
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await sender.run() }
            var tick = first
            while tick <= last {
                await evaluator.evaluate(CrashHistory.snapshot(tick: tick, seed: seed))
                // One write, so that the reader sees whole lines; unbuffered, so that it survives the kill.
                FileHandle.standardOutput.write(Data("\(tick)\n".utf8))
                tick += 1
            }
            while true {
                await evaluator.evaluate(CrashHistory.snapshot(tick: tick, seed: seed, isOver: true))
                let waiting = status.current.statistics.receivers.values.reduce(0) { $0 + $1.depth }
                if waiting == 0, status.current.alerts.isEmpty { break }
                try await Task.sleep(for: .milliseconds(5))
            }
            FileHandle.standardOutput.write(Data("done\n".utf8))
            group.cancelAll()
        }
    }
}
