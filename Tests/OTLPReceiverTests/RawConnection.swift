import Glibc
import NIOPosix
import Testing

/// A TCP connection without any protocol: tests say byte for byte what goes out, and see what comes back.
///
/// Only its calls on the thread pool touch the socket, one after the other.
final class RawConnection: Sendable {
    struct TimedOut: Error {}

    private static let threads: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 128)
        pool.start()
        return pool
    }()

    private let descriptor: Int32

    /// - Parameter receiveBufferByteCount: A small one lets the peer's answers pile up at the peer.
    init(port: Int, receiveBufferByteCount: Int? = nil) throws {
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(self.descriptor >= 0)
        var timeout = timeval(tv_sec: 120, tv_usec: 0)
        unsafe setsockopt(
            self.descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &timeout,
            socklen_t(MemoryLayout<timeval>.size)
        )
        if let receiveBufferByteCount {
            var size = Int32(receiveBufferByteCount)
            unsafe setsockopt(self.descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = unsafe inet_addr("127.0.0.1")
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe connect(self.descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0, "connect: errno \(errno)")
    }

    deinit { Glibc.close(self.descriptor) }

    /// Tells the peer that no more will come; answers can still be read.
    func finishSending() { Glibc.shutdown(self.descriptor, Int32(SHUT_WR)) }

    /// Ends both directions; a blocked call returns.
    func shutdown() { Glibc.shutdown(self.descriptor, Int32(SHUT_RDWR)) }

    func send(_ text: String) async throws { try await self.send(Array(text.utf8)) }

    /// Sends everything; `false` when the peer has closed.
    @discardableResult
    func send(_ bytes: [UInt8]) async throws -> Bool {
        let descriptor = self.descriptor
        return try await Self.threads.runIfActive {
            var offset = 0
            while offset < bytes.count {
                let count = unsafe bytes[offset...].withUnsafeBytes { buffer in
                    unsafe Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                offset += count
            }
            return true
        }
    }

    /// What the peer sent, at least one byte; empty at the end of the connection (closed or reset).
    func receive() async throws -> [UInt8] {
        let descriptor = self.descriptor
        return try await Self.threads.runIfActive {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe recv(descriptor, bytes.baseAddress, bytes.count, 0)
            }
            if count < 0, errno == EAGAIN { throw TimedOut() }
            return Array(buffer.prefix(max(0, count)))
        }
    }

    /// Everything up to and including `text`, and what came with it.
    func receive(until text: String) async throws -> [UInt8] {
        var all: [UInt8] = []
        while !all.contains(Array(text.utf8)) {
            let bytes = try await self.receive()
            try #require(!bytes.isEmpty, "the connection ended before: \(text)")
            all += bytes
        }
        return all
    }

    func receiveToEnd() async throws -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let bytes = try await self.receive()
            if bytes.isEmpty { return all }
            all += bytes
        }
    }
}
