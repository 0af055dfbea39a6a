import FoundationEssentials
package import Logging
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle
import Synchronization
package import TokenscaleCore

/// Where the API's certificate comes from.
package enum ServerCertificateSource: Equatable, Sendable {
    /// PEM files; read again when they change.
    case files(chain: String, privateKey: String)
    /// Made at the start, for these DNS names (and 127.0.0.1, ::1).
    case selfSigned(names: [String])
}

/// The TLS context of new connections. Connections that exist keep theirs.
package final class ServerCertificateStore: Service {
    private struct State {
        var context: NIOSSLContext
        var pem: PEM
        var renewal: Timestamp?
        /// What was last said to be wrong.
        var fault: String?
    }

    private struct PEM: Equatable {
        var chain: String
        var key: String
    }

    private let source: ServerCertificateSource
    private let checkInterval: Duration
    private let authority: SelfSignedAuthority?
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private let state: Mutex<State>

    /// Blocks while it reads the files: it is made before anything is served.
    ///
    /// - Parameter checkInterval: How often the files are looked at. A rotated Secret shows in a pod after about a
    ///   minute anyway.
    /// - Throws: ``MetricsAPIError``: the first certificate must be good; later bad ones are logged and not used.
    package init(
        source: ServerCertificateSource,
        checkInterval: Duration = .seconds(10),
        now: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) throws(MetricsAPIError) {
        self.source = source
        self.checkInterval = checkInterval
        self.now = now
        self.logger = logger
        let authority: SelfSignedAuthority? =
            if case .selfSigned = source { try SelfSignedAuthority(now: now()) } else { nil }
        self.authority = authority
        let (pem, renewal) = try Self.load(source, authority: authority, now: now())
        self.state = Mutex(State(context: try Self.context(pem), pem: pem, renewal: renewal))
    }

    /// The bundle that clients need to trust a self-signed certificate, PEM; `nil` when files are configured.
    package var authorityPEM: String? { self.authority?.certificatePEM }

    var context: NIOSSLContext { self.state.withLock { $0.context } }

    /// Watches the files, or renews the self-signed certificate, until shutdown.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: self.checkInterval)
                // Reading files blocks: not on the cooperative pool.
                try? await NIOThreadPool.singleton.runIfActive { self.refresh() }
            }
        }
    }

    /// Looks once. Blocks. Called by ``run()``; tests call it instead of waiting.
    package func refresh() {
        let (known, renewal) = self.state.withLock { ($0.pem, $0.renewal) }
        if let renewal, self.now() < renewal { return }
        do {
            let (pem, renewal) = try Self.load(self.source, authority: self.authority, now: self.now())
            guard pem != known else { return self.state.withLock { $0.fault = nil } }
            let context = try Self.context(pem)
            self.state.withLock { $0 = State(context: context, pem: pem, renewal: renewal) }
            self.logger.info("the API certificate was replaced")
        } catch {
            let fault = "\(error)"
            let isNew = self.state.withLock { state in
                defer { state.fault = fault }
                return state.fault != fault
            }
            // Said once, not at every look.
            guard isNew else { return }
            self.logger.warning(
                "the new API certificate is not usable and the previous one stays in use; check the files",
                metadata: ["error": "\(fault)"]
            )
        }
    }

    private static func load(
        _ source: ServerCertificateSource,
        authority: SelfSignedAuthority?,
        now: Timestamp
    ) throws(MetricsAPIError) -> (PEM, Timestamp?) {
        switch source {
        case .files(let chain, let key):
            return (PEM(chain: try self.read(chain), key: try self.read(key)), nil)
        case .selfSigned(let names):
            guard let authority else { throw .unusableCertificate(reason: "no authority was made") }
            let loopback: [[UInt8]] = [[127, 0, 0, 1], Array(repeating: 0, count: 15) + [1]]
            let issued = try authority.issue(names: names, addresses: loopback, now: now)
            return (PEM(chain: issued.chain, key: issued.key), issued.renewal)
        }
    }

    private static func read(_ path: String) throws(MetricsAPIError) -> String {
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            // The description of the error repeats the path and holds no content.
            throw .unreadableCertificate(path: path, reason: "the file cannot be read as text")
        }
    }

    private static func context(_ pem: PEM) throws(MetricsAPIError) -> NIOSSLContext {
        do {
            let chain = try NIOSSLCertificate.fromPEMBytes(Array(pem.chain.utf8))
            guard !chain.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
            let key = try NIOSSLPrivateKey(bytes: Array(pem.key.utf8), format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(key)
            )
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["h2", "http/1.1"]
            // A closing connection waits this long for the client's close_notify; a shutdown has 5 s in all.
            configuration.shutdownTimeout = .seconds(1)
            // Requested, not required; verified per request. No authorities are named, so every client sends what it
            // has.
            configuration.certificateVerification = .optionalVerification
            configuration.trustRoots = .certificates([])
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .unusableCertificate(
                reason: "certificate and key must be PEM and belong together (\(type(of: error)))"
            )
        }
    }
}
