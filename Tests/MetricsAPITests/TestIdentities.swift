import TestSupport
import X509

/// The identities of the recorded exchanges, by the name of their certificate.
struct TestIdentities: Sendable {
    let frontProxy: TestAuthority
    let cluster: TestAuthority
    let byName: [String: TestAuthority.Issued]

    init() throws {
        self.frontProxy = try TestAuthority("front-proxy-ca")
        self.cluster = try TestAuthority("cluster-ca")
        self.byName = [
            "front-proxy-client": try self.frontProxy.issue("front-proxy-client"),
            "front-proxy-badname": try self.frontProxy.issue("somebody-else"),
            "client-plain": try self.cluster.issue("jane", organisations: ["dev-team"]),
            "admin": try self.cluster.issue("admin", organisations: ["system:masters"]),
            "apiserver": try self.cluster.issue("kube-apiserver", usage: .serverAuth),
            "expired": try self.cluster.issue("old", organisations: ["system:masters"], validFor: -60),
            "no-usage": try self.cluster.issue("anybody", organisations: ["system:masters"], usage: nil),
            "stranger": try TestAuthority("stranger").issue("admin", organisations: ["system:masters"]),
        ]
    }
}
