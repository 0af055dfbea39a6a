import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import TestSupport
import Testing
import TokenscaleCore

@testable import OTLPReceiver

@Suite("Start and end of the receiver")
struct ShutdownTests {
    static let json = ("content-type", "application/json")

    @Test("an open HTTP request is answered during the shutdown, idle connections are closed")
    func drainsHTTP() async throws {
        let clock = ContinuousClock()
        let idle = Box<HTTP1Client>()
        let busy = Box<HTTP1Client>()
        let began = Box<ContinuousClock.Instant>()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            let (shutdown, continuation) = AsyncStream.makeStream(of: Void.self)
            tasks.addTask {
                try await TestReceiver.run {
                    $0.drainTimeout = .seconds(600)
                } test: { receiver in
                    idle.value = try HTTP1Client(port: receiver.httpPort)
                    #expect(try await idle.value?.exchange("POST", "/v1/logs").status == 200)
                    busy.value = try HTTP1Client(port: receiver.httpPort)
                    let headers = [Self.json, ("content-length", "2")]
                    try await busy.value?.connection.send(HTTP1Client.request("POST", "/v1/logs", headers: headers))
                    try await eventually("the request is in flight") { receiver.statistics.inFlightRequestCount == 1 }
                    began.value = clock.now
                    continuation.finish()
                }
            }
            for await _ in shutdown {}
            #expect(try await idle.value?.isClosedByPeer() == true)
            try await busy.value?.connection.send("{}")
            let response = try await busy.value?.response()
            #expect(response?.status == 200)
            #expect(response?.headers["connection"] == "close")
            try await tasks.waitForAll()
        }
        let start = try #require(began.value)
        #expect(clock.now - start < .seconds(300), "the drain waited although all requests were answered")
    }

    @Test("gRPC connections get GOAWAY, open calls an answer, and new ones are refused without blame")
    func drainsGRPC() async throws {
        let (open, continuation) = AsyncStream.makeStream(of: Void.self)
        let call = Box<(client: HTTP2Client, stream: UInt32)>()
        let counters = Box<ReceiverCounters>()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                try await TestReceiver.run { receiver in
                    counters.value = receiver.counters
                    let client = try await HTTP2Client(port: receiver.grpcPort)
                    call.value = (client, try await client.open(HTTP2Client.grpcHeaders(HTTP2Client.logs)))
                    try await eventually("the call is in flight") { receiver.statistics.inFlightRequestCount == 1 }
                    continuation.finish()
                }
            }
            for await _ in open {}
            let (client, stream) = try #require(call.value)
            while client.goAwayCount == 0 { _ = try await client.next() }
            // It was under way when the client was told to go.
            let late = try await client.open(HTTP2Client.grpcHeaders(HTTP2Client.logs))
            #expect(try await client.response(on: late)?.resetCode == 7, "REFUSED_STREAM: it may be sent again")
            try await client.send(HTTP2Client.message([1]), on: stream)
            #expect(try await client.response(on: stream)?.grpcStatus == "0")
            while try await client.next() != nil {}
            try await tasks.waitForAll()
        }
        #expect(counters.value?.statistics.refusals == [.notServing: 1])
    }

    @Test("a client that never finishes is cut after the drain time", .timeLimit(.minutes(5)))
    func cuts() async throws {
        let clock = ContinuousClock()
        let began = Box<ContinuousClock.Instant>()
        let held = Box<(RawConnection, RawConnection)>()
        try await TestReceiver.run {
            $0.drainTimeout = .milliseconds(300)
        } test: { receiver in
            let http = try RawConnection(port: receiver.httpPort)
            let headers = [Self.json, ("content-length", "2")]
            try await http.send(HTTP1Client.request("POST", "/v1/logs", headers: headers))
            let client = try await HTTP2Client(port: receiver.grpcPort)
            _ = try await client.open(HTTP2Client.grpcHeaders(HTTP2Client.logs))
            try await eventually("both are in flight") { receiver.statistics.inFlightRequestCount == 2 }
            held.value = (http, client.connection)
            began.value = clock.now
        }
        let start = try #require(began.value)
        #expect(clock.now - start >= .milliseconds(300))
    }

    @Test("a port in use is named, with what to do")
    func portInUse() async throws {
        try await TestReceiver.run { receiver in
            let port = receiver.httpPort
            await #expect {
                try await TestReceiver.run {
                    $0.httpAddress?.port = port
                } test: { _ in
                }
            } throws: { error in
                let text = "\(error)"
                return error as? ReceiverError == .addressInUse("127.0.0.1:\(port)") && text.contains("in use")
            }
        }
    }

    @Test("an address that is not ours is an error, not a crash", arguments: ["192.0.2.1", "no.such.host.invalid"])
    func foreignAddress(host: String) async throws {
        await #expect {
            try await TestReceiver.run {
                $0.grpcAddress = .init(host: host, port: 0)
            } test: { _ in
            }
        } throws: { error in
            guard case .addressUnusable(let address, _) = error as? ReceiverError else { return false }
            return address == "\(host):0"
        }
    }

    @Test(
        "IPv4 clients of an IPv6 listener are known by their IPv4 address",
        arguments: [
            ("::ffff:10.1.2.3", "10.1.2.3"), ("10.1.2.3", "10.1.2.3"), ("fd00::11", "fd00::11"),
        ]
    )
    func peerAddress(test: (socket: String, text: String)) throws {
        let address = try SocketAddress(ipAddress: test.socket, port: 1)
        #expect(PeerAddress(address) == PeerAddress(text: test.text))
    }

    @Test("the limit of open files is raised as far as allowed, never lowered")
    func openFiles() throws {
        let before = try #require(OpenFiles.raiseLimit(toHold: 0))
        let after = try #require(OpenFiles.raiseLimit(toHold: 1 << 40))
        #expect(after >= before)
        #expect(OpenFiles.raiseLimit(toHold: 1) == after)
    }

    @Test("each listener can be off")
    func off() async throws {
        try await TestReceiver.run {
            $0.grpcAddress = nil
        } test: { receiver in
            #expect(receiver.grpcPort == 0)
            let client = try HTTP1Client(port: receiver.httpPort)
            #expect(try await client.exchange("POST", "/v1/logs").status == 200)
        }
    }
}

/// Hands a value from one task to another that waits for the first.
private final class Box<Value>: @unchecked Sendable {
    // Written before, and read after, a point at which the tasks meet.
    var value: Value?
}
