import NIOCore
import NIOPosix
import TokenscaleCore

/// One ``Worker`` for each event loop.
final class WorkerPool: Sendable {
    private let workers: [ObjectIdentifier: NIOLoopBound<Worker>]
    private let eventLoops: [any EventLoop]
    private let sweeps: [RepeatedTask]

    init(shared: ReceiverShared, group: MultiThreadedEventLoopGroup) async throws {
        var workers: [ObjectIdentifier: NIOLoopBound<Worker>] = [:]
        var eventLoops: [any EventLoop] = []
        var sweeps: [RepeatedTask] = []
        for eventLoop in group.makeIterator() {
            let worker = try await eventLoop.submit {
                NIOLoopBound(Worker(shared: shared), eventLoop: eventLoop)
            }.get()
            workers[ObjectIdentifier(eventLoop)] = worker
            eventLoops.append(eventLoop)
            sweeps.append(
                eventLoop.scheduleRepeatedTask(
                    initialDelay: Worker.sweepInterval,
                    delay: Worker.sweepInterval
                ) { _ in worker.value.sweep(now: .now()) }
            )
        }
        self.workers = workers
        self.eventLoops = eventLoops
        self.sweeps = sweeps
    }

    /// The worker of the event loop we are on.
    func worker(of eventLoop: any EventLoop) -> Worker {
        guard let worker = self.workers[ObjectIdentifier(eventLoop)] else {
            preconditionFailure("a connection runs on an event loop that the receiver was not given")
        }
        return worker.value
    }

    /// Lets open requests be answered and closes all connections, after `timeout` by force.
    func drain(timeout: Duration) async {
        let futures = self.eventLoops.map { eventLoop in
            eventLoop.flatSubmit { self.worker(of: eventLoop).drain(on: eventLoop) }
        }
        let cuts = self.eventLoops.map { eventLoop in
            eventLoop.scheduleTask(in: TimeAmount(timeout)) { self.worker(of: eventLoop).closeAll() }
        }
        for future in futures { try? await future.get() }
        for cut in cuts { cut.cancel() }
        for sweep in self.sweeps { sweep.cancel() }
    }
}
