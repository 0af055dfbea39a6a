import Foundation
import Testing

@testable import Kubernetes

@Suite("Doctor: the path from the HPA")
struct DoctorClusterTests {
    private static let authority = RegistrationTests.certificate("ours")

    private static func doctor(_ server: APIServerDouble, _ subject: Doctor.Subject = .current) -> Doctor {
        Doctor(client: server.client, service: RegistrationTests.ours, subject: subject, userAgent: "t")
    }

    /// A cluster in which everything is in order.
    private static func healthy(_ server: APIServerDouble) {
        for name in MetricsAPIService.names {
            var object = RegistrationTests.apiService(name, bundle: Self.authority)
            object["status"] = ["conditions": [["type": "Available", "status": "True", "reason": "Passed"]]]
            server.put(MetricsAPIService.path, object)
            server.change { $0.paths[Doctor.path(of: name)] = ["kind": "APIResourceList", "resources": []] }
        }
        server.put(Fixture.pods, DoctorTests.agent())
        server.change { model in
            model.paths["/version"] = ["major": "1", "minor": "36"]
            model.decide = { _ in ["allowed": true] }
            _ = model.put("/apis/autoscaling/v2/horizontalpodautoscalers", ["metadata": ["name": "none"]])
            _ = model.delete("/apis/autoscaling/v2/horizontalpodautoscalers", namespace: "", name: "none")
        }
    }

    private static func examine(
        _ subject: Doctor.Subject = .current,
        _ change: (APIServerDouble) -> Void = { _ in }
    ) async throws -> ([Finding], [APIServerDouble.Request]) {
        let server = try await APIServerDouble.started()
        Self.healthy(server)
        change(server)
        let findings = try await Self.doctor(server, subject).examine()
        let requests = server.requests
        try await server.stop()
        return (findings, requests)
    }

    @Test("a cluster in order has no findings but what cannot be seen from outside, and nothing is written")
    func healthy() async throws {
        let (findings, requests) = try await Self.examine()
        #expect(findings.map(\.severity) == [.info] && findings.map(\.check) == ["certificate"])
        #expect(findings.exitCode == 0)
        #expect(requests.allSatisfy { $0.method == "GET" || $0.path.hasSuffix("accessreviews") })
    }

    @Test("a foreign owner is an error for the custom and a warning for the external metrics")
    func foreign() async throws {
        let keda = ServiceName(namespace: "keda", name: "keda-metrics")
        let (findings, _) = try await Self.examine { server in
            for name in MetricsAPIService.names {
                server.put(MetricsAPIService.path, RegistrationTests.apiService(name, service: keda, bundle: "x"))
            }
        }
        let owned = findings.filter { $0.problem.contains("belongs to Service keda/keda-metrics") }
        #expect(owned.map(\.severity) == [.error, .error, .warning])
        #expect(owned.allSatisfy { $0.object.hasPrefix("APIService v1beta") && !$0.fix.isEmpty })
    }

    @Test("a missing APIService, an empty bundle, skipped verification and unavailability are each named")
    func registration() async throws {
        let names = MetricsAPIService.names
        let (findings, _) = try await Self.examine { server in
            server.delete(MetricsAPIService.path, namespace: "", name: names[0])
            var unavailable = RegistrationTests.apiService(names[1])
            unavailable["status"] = [
                "conditions": [
                    ["type": "Available", "status": "False", "reason": "MissingEndpoints", "message": "none"]
                ]
            ]
            server.put(MetricsAPIService.path, unavailable)
            server.put(
                MetricsAPIService.path,
                RegistrationTests.apiService(names[2], bundle: nil, skipsVerification: true)
            )
        }
        func problems(_ name: String) -> [String] {
            findings.filter { $0.object == "APIService \(name)" }.map(\.problem)
        }
        #expect(problems(names[0]).count == 1 && problems(names[0])[0].contains("is not registered"))
        #expect(problems(names[1]).contains { $0.contains("no caBundle") })
        #expect(problems(names[1]).contains { $0.contains("MissingEndpoints") })
        #expect(problems(names[2]).contains { $0.contains("skips TLS verification") })
        #expect(findings.exitCode == 2)
    }

    @Test("an aggregated path that fails is an error")
    func aggregation() async throws {
        let (findings, _) = try await Self.examine { server in
            server.fail(.status(503, reason: "ServiceUnavailable"), path: "/apis/custom.metrics.k8s.io/v1beta2")
        }
        let finding = try #require(findings.first)
        #expect(finding.severity == .error && finding.object == "/apis/custom.metrics.k8s.io/v1beta2")
    }

    @Test("each missing right is named with what needs it, for the account that was asked about")
    func rights() async throws {
        let account = Doctor.Subject.serviceAccount(namespace: "tokenscale", name: "tokenscale")
        let (findings, requests) = try await Self.examine(account) { server in
            server.change {
                $0.decide = { spec in
                    let attributes = spec["resourceAttributes"]
                    return ["allowed": .bool(!(attributes?["resource"] == "pods" && attributes?["verb"] == "watch"))]
                }
            }
        }
        let missing = findings.filter { $0.check == "rbac" }
        #expect(missing.map(\.problem) == ["may not watch pods, which attribution to pods and workloads needs"])
        #expect(missing[0].object == "ServiceAccount tokenscale/tokenscale")
        let reviews = requests.filter { $0.path == "/apis/authorization.k8s.io/v1/subjectaccessreviews" }
        #expect(reviews.count == RequiredRight.all.count)
        for review in reviews {
            let body = try JSON(parsing: review.body)
            #expect(body["spec", "user"] == "system:serviceaccount:tokenscale:tokenscale")
            #expect(body["kind"] == "SubjectAccessReview")
        }
    }

    @Test("what may not be read is unknown, not in order")
    func unknown() async throws {
        let (findings, _) = try await Self.examine { server in
            server.fail(.status(403, reason: "Forbidden"), path: Fixture.pods)
            server.fail(.status(403, reason: "Forbidden"), path: "/apis/autoscaling/v2/horizontalpodautoscalers")
            for name in MetricsAPIService.names {
                server.fail(.status(403, reason: "Forbidden"), path: "\(MetricsAPIService.path)/\(name)")
            }
            let reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
            server.fail(.status(403, reason: "Forbidden"), path: reviews, count: 100)
        }
        #expect(Set(findings.map(\.severity)) == [.unknown, .info])
        #expect(findings.exitCode == 3)
        #expect(
            Set(findings.filter { $0.severity == .unknown }.map(\.check)) == [
                "apiservice", "rbac", "telemetry", "autoscaler",
            ]
        )
    }

    @Test("an API server that is not there is an error of its own")
    func unreachable() async throws {
        let server = try await APIServerDouble.started()
        let doctor = Self.doctor(server)
        try await server.stop()
        await #expect(throws: KubernetesError.self) { try await doctor.examine() }
    }
}
