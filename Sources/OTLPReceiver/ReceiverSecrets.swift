import FoundationEssentials
import NIOCore
import NIOSSL

/// What is read from files and renewed when they change: the TLS context and the bearer tokens.
struct ReceiverSecrets: Sendable {
    /// The content of every file, to tell whether anything changed. (Modification times do not tell for the symbolic
    /// links that Kubernetes mounts secrets through.)
    struct Files: Equatable, Sendable {
        var certificateChain: [UInt8]?
        var privateKey: [UInt8]?
        var clientCertificateAuthorities: [UInt8]?
        var bearerTokens: [UInt8]?
    }

    let files: Files
    let tlsContext: NIOSSLContext?
    let tokens: BearerTokens?

    /// Reads the files of `configuration`. Blocks.
    init(_ configuration: ReceiverConfiguration) throws(ReceiverError) {
        try self.init(configuration, files: try Self.readFiles(configuration))
    }

    init(_ configuration: ReceiverConfiguration, files: Files) throws(ReceiverError) {
        self.files = files
        self.tlsContext = try configuration.tls.map { tls throws(ReceiverError) in
            try Self.makeContext(tls, files: files)
        }
        self.tokens = try configuration.bearerTokenFile.map { path throws(ReceiverError) in
            guard let tokens = BearerTokens(text: String(decoding: files.bearerTokens ?? [], as: UTF8.self)) else {
                let reason = "expected is one token per line, of printable ASCII without spaces"
                throw .tokenFileInvalid(path: path, reason: reason)
            }
            return tokens
        }
    }

    static func readFiles(_ configuration: ReceiverConfiguration) throws(ReceiverError) -> Files {
        Files(
            certificateChain: try self.read(configuration.tls?.certificateChain),
            privateKey: try self.read(configuration.tls?.privateKey),
            clientCertificateAuthorities: try self.read(configuration.tls?.clientCertificateAuthorities),
            bearerTokens: try self.read(configuration.bearerTokenFile)
        )
    }

    private static func read(_ path: String?) throws(ReceiverError) -> [UInt8]? {
        guard let path else { return nil }
        do {
            return Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw .fileUnreadable(path: path, reason: "it does not exist or must not be read by this user")
        }
    }

    private static func makeContext(
        _ tls: ReceiverConfiguration.TLSFiles,
        files: Files
    ) throws(ReceiverError) -> NIOSSLContext {
        let chain = try self.certificates(files.certificateChain, path: tls.certificateChain)
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(bytes: files.privateKey ?? [], format: .pem)
        } catch {
            throw .certificateInvalid(path: tls.privateKey, reason: "it is no private key in PEM format")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["h2", "http/1.1"]
        // A closing connection waits this long for the client's close_notify; a shutdown has 5 s in all.
        configuration.shutdownTimeout = .seconds(1)
        if let path = tls.clientCertificateAuthorities {
            let authorities = try self.certificates(files.clientCertificateAuthorities, path: path)
            configuration.trustRoots = .certificates(authorities)
            // Of a client there is no host name to verify; its certificate is required.
            configuration.certificateVerification = .noHostnameVerification
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .certificateInvalid(
                path: tls.certificateChain,
                reason: "certificate and key do not fit each other, or the key is too weak"
            )
        }
    }

    private static func certificates(
        _ bytes: [UInt8]?,
        path: String
    ) throws(ReceiverError) -> [NIOSSLCertificate] {
        let certificates = (try? NIOSSLCertificate.fromPEMBytes(bytes ?? [])) ?? []
        guard !certificates.isEmpty else {
            throw .certificateInvalid(path: path, reason: "it holds no certificate in PEM format")
        }
        return certificates
    }
}
