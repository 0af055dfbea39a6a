import CurlHTTP
import Foundation
import Logging
import MetricsAPI
import ServiceLifecycle
import Synchronization
import TestSupport
import TokenscaleCore

/// A clock that tests set.
final class TestClock: Sendable {
    private let time: Mutex<Timestamp>
    init(_ time: Timestamp) { self.time = Mutex(time) }
    var now: Timestamp { self.time.withLock { $0 } }
    func advance(bySeconds seconds: Double) {
        self.time.withLock { $0 = $0.advanced(bySeconds: seconds) }
    }
}

extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

/// Runs a service while `body` works with the address it listens on, then ends it.
func withServer(
    _ service: some Service,
    bound: BoundAddress,
    _ body: sending (Int) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await service.run() }
        guard let address = await bound.value() else {
            try await group.waitForAll()
            return
        }
        try await body(address.port)
        group.cancelAll()
    }
}

/// The API server of a test with everything that it reads from.
struct APIFixture: Sendable {
    let snapshots: SnapshotStore
    let directories: PodDirectoryStore
    let identities: TestIdentities
    let reviewer = TestReviewer()
    let clock: TestClock
    let certificates: ServerCertificateStore
    let exposition: MetricsExposition
    let server: MetricsAPIServer
    let client = HTTPClient(.init(userAgent: "test", proxy: .direct))

    init(_ fleet: Fleet, hasCluster: Bool = true, serving: ServingConfiguration = .init()) throws {
        self.snapshots = SnapshotStore(fleet.snapshot)
        self.directories = PodDirectoryStore(fleet.directory)
        let identities = try TestIdentities()
        self.identities = identities
        let clock = TestClock(Fleet.time)
        self.clock = clock
        let now = Timestamp(seconds: Int64(Date.now.timeIntervalSince1970))
        self.certificates = try ServerCertificateStore(
            source: .selfSigned(names: ["tokenscale.tokenscale.svc", "localhost"]),
            now: { now },
            logger: .silent
        )
        var headers = RequestHeaderConfiguration()
        headers.requestHeaderCA = identities.frontProxy.pem
        headers.clientCA = identities.cluster.pem
        headers.allowedNames = ["front-proxy-client"]
        headers.uidHeaders = ["X-Remote-Uid"]
        let current = headers
        let statistics = APIStatistics()
        let servedValues = ServedValueLog(limit: 100)
        let exposition = MetricsExposition(
            configuration: .init(),
            serving: serving,
            snapshots: self.snapshots,
            directories: self.directories,
            statistics: statistics,
            servedValues: servedValues,
            version: "0.1.0",
            now: { clock.now }
        )
        self.exposition = exposition
        self.server = MetricsAPIServer(
            configuration: ListenerConfiguration(name: "api", host: "127.0.0.1", port: 0),
            serving: serving,
            certificates: self.certificates,
            sources: .init(
                snapshots: self.snapshots,
                directories: self.directories,
                reviewer: hasCluster ? self.reviewer : nil,
                requestHeaders: { hasCluster ? current : nil },
                statistics: statistics,
                servedValues: servedValues,
                exposition: exposition.respond
            ),
            version: "0.1.0",
            now: { clock.now },
            logger: .silent
        )
    }

    func request(
        _ target: String,
        port: Int,
        method: CurlHTTP.HTTPRequest.Method = .get,
        headers: [HTTPHeader] = [],
        certificate: String = "none"
    ) async throws -> CurlHTTP.HTTPResponse {
        var request = HTTPRequest(method, url: "https://localhost:\(port)\(target)", headers: headers)
        request.tls.authorities = self.certificates.authorityPEM.map { .text($0) }
        if let issued = self.identities.byName[certificate] {
            request.tls.certificateChain = .text(issued.certificatePEM)
            request.tls.privateKey = .text(issued.keyPEM)
        }
        return try await self.client.send(request)
    }

    static let hpaHeaders = [
        HTTPHeader(name: "X-Remote-User", value: "system:serviceaccount:kube-system:horizontal-pod-autoscaler"),
        HTTPHeader(name: "X-Remote-Group", value: "system:serviceaccounts"),
        HTTPHeader(name: "X-Remote-Group", value: "system:authenticated"),
    ]

    /// As the HPA asks, through the aggregator.
    func ask(_ target: String, port: Int) async throws -> (status: Int, text: String) {
        let response = try await self.request(
            target,
            port: port,
            headers: Self.hpaHeaders,
            certificate: "front-proxy-client"
        )
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }
}
