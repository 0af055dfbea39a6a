import Testing
import TokenscaleCore

@Suite("Attribution: whose tokens are these?")
struct AttributionTests {
    private let tokens = TokenCounts(input: 1, output: 2, cacheRead: 3, cacheCreation: 4)

    private func directory() -> PodDirectoryStore {
        let records = ["pod-0": "10.0.0.1", "pod-1": "10.0.0.2", "gateway": "10.0.0.9"].map { name, address in
            var record = PodRecord(
                id: PodID(namespace: name == "gateway" ? "observability" : "agents", name: name),
                uid: "uid-\(name)"
            )
            record.addresses = [address]
            return record
        }
        return PodDirectoryStore(
            PodDirectory(pods: records, workloads: [], isSynced: true, version: 1)
        )
    }

    @Test("a pod that claims to be another one is refused and counted")
    func spoofed() {
        let test = TestAggregator(directory: self.directory())
        var body = BatchBuilder(pod: "pod-0")
        body.request(self.tokens, id: "a", at: test.now)
        let outcome = test.record(body, peer: "10.0.0.2")
        #expect(outcome.refusedCount == 1)
        #expect(test.total() == .zero)
        #expect(test.record(body, peer: "10.0.0.1").acceptedCount == 1)
        // Not a pod's address: nothing contradicts the claim.
        var more = BatchBuilder(pod: "pod-1")
        more.request(self.tokens, id: "b", at: test.now)
        #expect(test.record(more, peer: "192.168.7.7").acceptedCount == 1)
    }

    @Test("a pod that claims another one's uid is refused and counted, too")
    func spoofedUID() {
        let test = TestAggregator(directory: self.directory())
        var body = BatchBuilder(namespace: nil, pod: nil)
        body.setPodUID("uid-pod-0")
        body.request(self.tokens, id: "a", at: test.now)
        #expect(test.record(body, peer: "10.0.0.2").refusedCount == 1)
        #expect(test.total("pod-0") == .zero)
        #expect(test.record(body, peer: "10.0.0.1").acceptedCount == 1)
        #expect(test.total("pod-0") == self.tokens)
    }

    @Test("a trusted gateway may speak for others", arguments: ["namespace", "network"])
    func trusted(by kind: String) throws {
        var configuration = AggregatorConfiguration()
        if kind == "namespace" {
            configuration.trustedPeers.namespaces = ["observability"]
        } else {
            configuration.trustedPeers.networks = [try #require(PeerTrust.Network(text: "10.0.0.8/29"))]
        }
        let test = TestAggregator(configuration: configuration, directory: self.directory())
        var body = BatchBuilder(pod: "pod-0")
        body.request(self.tokens, id: "a", at: test.now)
        #expect(test.record(body, peer: "10.0.0.9").acceptedCount == 1)
        #expect(test.record(body, peer: "10.0.0.2").refusedCount == 1)
    }

    @Test("without attributes the peer's address names the pod")
    func peerAddress() {
        let test = TestAggregator(directory: self.directory())
        var body = BatchBuilder(namespace: nil, pod: nil)
        body.request(self.tokens, id: "a", at: test.now)
        #expect(test.record(body, peer: "10.0.0.2").unattributedCount == 0)
        #expect(test.pod("pod-1")?.attribution == .peerAddress)
        #expect(test.total("pod-1") == self.tokens)
    }

    @Test(
        "networks are parsed and compared",
        arguments: [
            ("10.0.0.0/8", "10.200.3.4", true), ("10.0.0.0/8", "11.0.0.1", false), ("10.1.2.3", "10.1.2.3", true),
            ("fd00::/8", "fd12:3456::1", true), ("fd00::/8", "fe80::1", false), ("::1", "0:0:0:0:0:0:0:1", true),
            ("0.0.0.0/0", "1.2.3.4", true), ("0.0.0.0/0", "::1", false),
        ]
    )
    func networks(network: String, address: String, isInside: Bool) throws {
        let network = try #require(PeerTrust.Network(text: network))
        let address = try #require(PeerTrust.Network(text: address))
        #expect(network.contains(address) == isInside)
    }

    @Test(
        "what is no network is refused",
        arguments: [
            "", "10.0.0", "10.0.0.0/33", "10.0.0.256", "x", "1.2.3.4/", "::1::", "fd00:::1", "1:2:3:4:5:6:7:8:9", ":1",
        ]
    )
    func malformed(text: String) { #expect(PeerTrust.Network(text: text) == nil) }
}
