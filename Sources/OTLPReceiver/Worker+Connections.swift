import NIOCore
import TokenscaleCore

/// The connections of one event loop, their deadlines and their end.
extension Worker {
    /// How exact deadlines are.
    static let sweepInterval = TimeAmount.milliseconds(250)

    /// Registers a connection before it reads; `nil` when it must be closed at once.
    func admit(peer: PeerAddress?) -> ConnectionHandler? {
        let limit = self.shared.configuration.connectionLimit
        let count = self.shared.counters.connectionOpened()
        self.counters.update { $0.connectionCount += 1 }
        guard !self.isDraining, count <= limit + ReceiverShared.refusableConnectionCount else {
            self.shared.counters.connectionClosed()
            self.count(
                self.isDraining ? .notServing : .connectionLimit,
                peer: peer,
                message: self.isDraining
                    ? "the receiver is shutting down" : "\(count) connections are open, allowed are \(limit)"
            )
            return nil
        }
        return ConnectionHandler(worker: self, peer: peer, isOverLimit: count > limit)
    }

    func connectionOpened(_ connection: ConnectionHandler) {
        self.connections[ObjectIdentifier(connection)] = connection
    }

    func connectionClosed(_ connection: ConnectionHandler) {
        guard self.connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        self.shared.counters.connectionClosed()
        if self.connections.isEmpty { self.drained?.succeed() }
    }

    /// Counts a refusal that no request stands for.
    func count(_ reason: IngestStatistics.Refusal, peer: PeerAddress?, message: String) {
        self.counters.update { $0.refusals[reason, default: 0] += 1 }
        self.shared.log.refused(reason, message: message, peer: peer)
    }

    func sweep(now: NIODeadline) {
        for connection in self.connections.values { connection.sweep(now: now) }
    }

    /// Closes each connection once its requests are answered. The future succeeds when none is left.
    func drain(on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        self.isDraining = true
        let promise = self.drained ?? eventLoop.makePromise(of: Void.self)
        self.drained = promise
        for connection in self.connections.values { connection.quiesce() }
        if self.connections.isEmpty { promise.succeed() }
        return promise.futureResult
    }

    func closeAll() {
        for connection in self.connections.values { connection.close() }
    }
}
