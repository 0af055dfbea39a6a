import Testing

@testable import CurlHTTP

@Suite("Address policy")
struct AddressPolicyTests {
    @Test(
        "metadata and link-local addresses are refused in every notation",
        arguments: [
            "169.254.169.254", "169.254.0.1", "169.254.170.2", "100.100.100.200", "192.0.0.192", "168.63.129.16",
            "fe80::1", "febf::1", "fd00:ec2::254", "fd20:ce::254", "::ffff:169.254.169.254", "::169.254.169.254",
            "64:ff9b::a9fe:a9fe", "[fe80::1]", "metadata.google.internal", "METADATA.google.internal.", "metadata",
        ]
    )
    func refused(host: String) {
        #expect(AddressPolicy.refuseMetadataServices.refuses(host: host))
        #expect(!AddressPolicy.any.refuses(host: host))
    }

    @Test(
        "ordinary addresses and names are allowed",
        arguments: [
            "127.0.0.1", "10.96.0.1", "169.253.255.255", "169.255.0.0", "100.100.100.201", "::1", "fec0::1",
            "fd00:ec2::253", "2001:db8::169", "hooks.example.com", "metadata.example.com",
            "169.254.169.254.example.com",
        ]
    )
    func allowed(host: String) { #expect(!AddressPolicy.refuseMetadataServices.refuses(host: host)) }

    @Test("an address is four or sixteen bytes")
    func byteCounts() {
        for count in 0...20 {
            #expect((IPAddress(bytes: Array(repeating: 0, count: count)) != nil) == (count == 4 || count == 16))
        }
    }
}

@Suite("Proxy settings")
struct ProxySettingsTests {
    @Test(
        "the environment is read as curl reads it",
        arguments: [
            ([:], ProxySettings.direct),
            (["http_proxy": "http://p:1"], ProxySettings(http: "http://p:1")),
            (["HTTP_PROXY": "http://p:1"], .direct),
            (["HTTPS_PROXY": "http://p:2"], ProxySettings(https: "http://p:2")),
            (["https_proxy": "http://low", "HTTPS_PROXY": "http://up"], ProxySettings(https: "http://low")),
            (["ALL_PROXY": "http://a", "http_proxy": "http://p"], ProxySettings(http: "http://p", https: "http://a")),
            (["http_proxy": "", "NO_PROXY": "10.0.0.0/8"], ProxySettings(bypass: "10.0.0.0/8")),
        ] as [([String: String], ProxySettings)]
    )
    func environment(variables: [String: String], expected: ProxySettings) {
        #expect(ProxySettings(environment: variables) == expected)
    }
}
