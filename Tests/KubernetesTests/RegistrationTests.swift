import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Kubernetes

@Suite("APIService registration")
struct RegistrationTests {
    static let ours = ServiceName(namespace: "tokenscale", name: "tokenscale")

    static func certificate(_ text: String) -> String {
        "-----BEGIN CERTIFICATE-----\n\(Data(text.utf8).base64EncodedString())\n-----END CERTIFICATE-----\n"
    }

    static func apiService(
        _ name: String,
        service: ServiceName? = Self.ours,
        bundle: String? = nil,
        skipsVerification: Bool = false
    ) -> JSON {
        var object: JSON = [
            "kind": "APIService", "apiVersion": "apiregistration.k8s.io/v1", "metadata": ["name": .string(name)],
            "spec": ["groupPriorityMinimum": 100, "versionPriority": 100],
        ]
        if let service {
            object["spec"]?["service"] = [
                "namespace": .string(service.namespace), "name": .string(service.name), "port": 443,
            ]
        }
        if let bundle { object["spec"]?["caBundle"] = .string(Data(bundle.utf8).base64EncodedString()) }
        if skipsVerification { object["spec"]?["insecureSkipTLSVerify"] = true }
        return object
    }

    private static func plan(_ object: JSON, authority: String = certificate("new")) throws -> CABundlePlan {
        let decoded = try KubernetesClient.decode(APIServiceObject.self, object.bytes)
        return CABundlePlan(decoded, service: Self.ours, authority: authority)
    }

    @Test("an APIService of another Service, of the same name elsewhere, or of the API server itself is left alone")
    func foreign() throws {
        let keda = ServiceName(namespace: "keda", name: "keda-metrics")
        #expect(try Self.plan(Self.apiService("v", service: keda)) == .foreign(owner: "Service keda/keda-metrics"))
        let namesake = ServiceName(namespace: "other", name: "tokenscale")
        #expect(try Self.plan(Self.apiService("v", service: namesake)) == .foreign(owner: "Service other/tokenscale"))
        #expect(try Self.plan(Self.apiService("v", service: nil)) == .foreign(owner: "the API server itself"))
    }

    @Test("our authority is put in front of the newest of those that are there")
    func merge() throws {
        let all = (1...4).map { Self.certificate("\($0)") }
        let new = Self.certificate("new")
        #expect(try Self.plan(Self.apiService("v")) == .write(pem: new))
        #expect(try Self.plan(Self.apiService("v", bundle: "garbage")) == .write(pem: new))
        let full = Self.apiService("v", bundle: all.joined())
        #expect(try Self.plan(full) == .write(pem: new + all[0] + all[1]))
        let present = Self.apiService("v", bundle: all[0] + new)
        #expect(try Self.plan(present) == .upToDate)
        let insecure = Self.apiService("v", bundle: new, skipsVerification: true)
        #expect(try Self.plan(insecure) == .write(pem: new))
    }

    @Test("certificates are recognised whatever their line ends and however they are indented")
    func pem() {
        let plain = PEMCertificates(text: Self.certificate("a") + "comment\n" + Self.certificate("b"))
        let messy = PEMCertificates(
            text: Self.certificate("a").replacing("\n", with: "\r\n  ") + Self.certificate("b")
        )
        #expect(plain == messy && plain.blocks.count == 2)
        #expect(PEMCertificates(text: "-----BEGIN CERTIFICATE-----\nMII").blocks.isEmpty)
        #expect(PEMCertificates(base64: "***").blocks.isEmpty)
    }

    @Test("bundles are written to ours only, kept up to date, and repaired after a failure")
    func service() async throws {
        let server = try await APIServerDouble.started()
        let (first, second, third) = (
            MetricsAPIService.names[0], MetricsAPIService.names[1], MetricsAPIService.names[2]
        )
        server.put(MetricsAPIService.path, Self.apiService(first, bundle: Self.certificate("old")))
        server.put(
            MetricsAPIService.path,
            Self.apiService(third, service: ServiceName(namespace: "keda", name: "keda"), bundle: "theirs")
        )
        let theirs = server.object(MetricsAPIService.path, third)
        server.fail(.status(500, reason: "InternalError"), path: "\(MetricsAPIService.path)/\(first)")
        let authority = Mutex(Self.certificate("new"))
        var settings = APIServiceRegistrar.Settings()
        settings.interval = .milliseconds(20)
        settings.retryMinimum = .milliseconds(5)
        let registrar = APIServiceRegistrar(
            client: server.client,
            service: Self.ours,
            settings: settings,
            logger: silentLogger
        ) { authority.withLock { $0 } }
        func bundle(_ name: String) -> String? {
            server.object(MetricsAPIService.path, name)?["spec", "caBundle"]?.text
                .flatMap { Data(base64Encoded: $0) }.map { String(decoding: $0, as: UTF8.self) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await registrar.run() }
            let expected = Self.certificate("new") + Self.certificate("old")
            try await eventually("the first bundle") { bundle(first) == expected }
            try await eventually("an outcome for each") {
                registrar.outcomes == [first: .upToDate, second: .missing, third: .foreign(owner: "Service keda/keda")]
            }
            server.put(MetricsAPIService.path, Self.apiService(second))
            try await eventually("the one that came later") { bundle(second) == Self.certificate("new") }
            authority.withLock { $0 = Self.certificate("newer") }
            try await eventually("the rotation") { bundle(first) == Self.certificate("newer") + expected }
            group.cancelAll()
        }
        #expect(server.object(MetricsAPIService.path, third) == theirs)
        #expect(server.requests.filter { $0.method == "PATCH" && $0.path.hasSuffix(third) }.isEmpty)
        try await server.stop()
    }

    @Test("an APIService that changes hands between the look and the write is not touched")
    func race() async throws {
        let server = try await APIServerDouble.started()
        let name = MetricsAPIService.names[0]
        server.put(MetricsAPIService.path, Self.apiService(name))
        let registrar = APIServiceRegistrar(client: server.client, service: Self.ours, logger: silentLogger) {
            // Called after nothing was read yet; the owner changes on every write attempt below.
            Self.certificate("new")
        }
        // The double answers the GET with an object whose version is already outdated.
        let stale = server.object(MetricsAPIService.path, name) ?? [:]
        server.change { $0.paths["\(MetricsAPIService.path)/\(name)"] = nil }
        server.fail(.body(String(decoding: stale.bytes, as: UTF8.self)), path: "\(MetricsAPIService.path)/\(name)")
        let thief = ServiceName(namespace: "other", name: "adapter")
        server.put(MetricsAPIService.path, Self.apiService(name, service: thief))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await registrar.run() }
            try await eventually("the refused write") {
                registrar.outcomes[name].map { if case .failed = $0 { true } else { false } } ?? false
            }
            group.cancelAll()
        }
        #expect(server.object(MetricsAPIService.path, name)?["spec", "caBundle"] == nil)
        try await server.stop()
    }
}
