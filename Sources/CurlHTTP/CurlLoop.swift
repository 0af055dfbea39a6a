import CCurl
import Glibc
import Synchronization

/// The thread that runs libcurl's multi handle. Everything else talks to it through a command queue.
@safe
final class CurlLoop: Sendable {
    private enum Command {
        case start(Transfer)
        case cancel(Transfer)
        case resume(Transfer)
        case stop
    }

    private struct Queue {
        var commands: [Command] = []
        var isStopped = false
    }

    private let queue = Mutex(Queue())
    /// Used by the loop thread alone, but for `curl_multi_wakeup`, the one call that libcurl allows from elsewhere.
    private nonisolated(unsafe) let multi: UnsafeMutableRawPointer

    /// Starts the thread, which keeps this object until `stop()`.
    init(connectionsPerHostLimit: Int) {
        _ = Self.globalInit
        guard let multi = unsafe curl_multi_init() else { preconditionFailure("curl_multi_init: out of memory") }
        unsafe self.multi = multi
        unsafe tokenscale_curl_multi_setopt_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
        unsafe tokenscale_curl_multi_setopt_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connectionsPerHostLimit)
        self.startThread()
    }

    deinit { unsafe curl_multi_cleanup(self.multi) }

    /// Once per process, before any handle; thread-safe because it is a static.
    private static let globalInit: CURLcode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    func start(_ transfer: Transfer) {
        if !self.push(.start(transfer)) { transfer.finish(.failure(.clientClosed)) }
    }

    func cancel(_ transfer: Transfer) { self.push(.cancel(transfer)) }
    func resume(_ transfer: Transfer) { self.push(.resume(transfer)) }

    /// Ends the thread; transfers in flight fail with `clientClosed`.
    func stop() { self.push(.stop) }

    @discardableResult
    private func push(_ command: Command) -> Bool {
        let isAccepted = self.queue.withLock { queue in
            guard !queue.isStopped else { return false }
            queue.commands.append(command)
            if case .stop = command { queue.isStopped = true }
            return true
        }
        if isAccepted { unsafe curl_multi_wakeup(self.multi) }
        return isAccepted
    }

    // MARK: The thread

    private func startThread() {
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread,
            nil,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<CurlLoop>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            context
        )
        precondition(code == 0, "pthread_create failed with \(code)")
        pthread_detach(thread)
    }

    private func run() {
        Self.blockBrokenPipeSignal()
        // Holds each transfer for as long as libcurl holds its handle.
        var live: [ObjectIdentifier: Transfer] = [:]
        while self.execute(&live) {
            var runningCount: Int32 = 0
            unsafe curl_multi_perform(self.multi, &runningCount)
            self.finishDone(&live)
            unsafe curl_multi_poll(self.multi, nil, 0, 1000, nil)
        }
        for transfer in Array(live.values) { self.drop(transfer, from: &live, .failure(.clientClosed)) }
    }

    /// - Returns: whether to go on.
    private func execute(_ live: inout [ObjectIdentifier: Transfer]) -> Bool {
        let commands = self.queue.withLock { queue in
            let commands = queue.commands
            queue.commands.removeAll(keepingCapacity: true)
            return commands
        }
        var goesOn = true
        for command in commands {
            switch command {
            case .start(let transfer) where transfer.isCancelled: transfer.finish(.failure(.cancelled))
            case .start(let transfer):
                live[ObjectIdentifier(transfer)] = transfer
                unsafe curl_multi_add_handle(self.multi, transfer.easy)
            case .cancel(let transfer):
                if live[ObjectIdentifier(transfer)] != nil { self.drop(transfer, from: &live, .failure(.cancelled)) }
            case .resume(let transfer):
                guard live[ObjectIdentifier(transfer)] != nil else { break }
                unsafe curl_easy_pause(transfer.easy, Int32(CURLPAUSE_CONT))
            case .stop: goesOn = false
            }
        }
        return goesOn
    }

    private func finishDone(_ live: inout [ObjectIdentifier: Transfer]) {
        var remaining: Int32 = 0
        while let message = unsafe curl_multi_info_read(self.multi, &remaining) {
            guard unsafe message.pointee.msg == CURLMSG_DONE,
                let context = unsafe tokenscale_curl_private(message.pointee.easy_handle)
            else { continue }
            let code = unsafe tokenscale_curl_message_result(message)
            let transfer = unsafe Transfer.from(context)
            self.remove(transfer, from: &live)
            transfer.finish(curlCode: code)
        }
    }

    private func drop(
        _ transfer: Transfer,
        from live: inout [ObjectIdentifier: Transfer],
        _ outcome: Result<Void, HTTPClientError>
    ) {
        self.remove(transfer, from: &live)
        transfer.finish(outcome)
    }

    private func remove(_ transfer: Transfer, from live: inout [ObjectIdentifier: Transfer]) {
        unsafe curl_multi_remove_handle(self.multi, transfer.easy)
        live[ObjectIdentifier(transfer)] = nil
    }

    /// OpenSSL writes to sockets that the peer may have closed; with `CURLOPT_NOSIGNAL` the signal is ours to stop.
    private static func blockBrokenPipeSignal() {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}
