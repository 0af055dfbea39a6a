import Foundation
import Testing
import TokenscaleCore

@testable import tokenscale

@Suite("Configuration")
struct ConfigurationTests {
    /// A folder that is gone after the test.
    private func withFile<T>(_ text: String, _ body: (String) throws -> T) throws -> T {
        let path = FileManager.default.temporaryDirectory.appending(path: "tokenscale-\(UUID()).yaml")
        try text.write(to: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: path) }
        return try body(path.path)
    }

    private func faults(
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        file: String? = nil
    ) -> [String] {
        do throws(ConfigurationError) {
            _ = try ConfigurationReader(environment: environment).read(arguments: arguments, file: file)
            return []
        } catch {
            return error.faults.map(\.text)
        }
    }

    @Test("a flag wins over a variable, a variable over the file, the file over the default; each says where")
    func precedence() throws {
        let text = "log-level: warning\nlog-format: json\nstate-interval-seconds: 7\n"
        try self.withFile(text) { path in
            let effective = try ConfigurationReader(
                environment: ["TOKENSCALE_LOG_LEVEL": "error", "TOKENSCALE_LOG_FORMAT": "text"]
            ).read(arguments: ["--log-level", "debug"], file: path)
            #expect(effective.configuration.logLevel == .debug)
            #expect(effective.source(of: "log-level").text == "--log-level")
            #expect(effective.configuration.logFormat == .text)
            #expect(effective.source(of: "log-format").text == "$TOKENSCALE_LOG_FORMAT")
            #expect(effective.configuration.stateIntervalSeconds == 7)
            #expect(effective.source(of: "state-interval-seconds").text == "\(path):3")
            #expect(effective.source(of: "data-directory").text == "default")
        }
    }

    @Test(
        "thresholds of the detector in the wrong order are a fault that names both",
        arguments: [
            (["--detection-warning-score", "13"], "detection-warning-score", "detection-critical-score (12)"),
            (["--detection-clear-score", "5"], "detection-clear-score", "less than detection-info-score (5)"),
            (["--detection-score-limit-score", "11"], "detection-critical-score", "detection-score-limit-score (11)"),
            (["--detection-burn-critical-tokens", "1e6"], "detection-burn-warning-tokens", "(1000000)"),
            (["--detection-verification-warning-score", "15"], "detection-verification-warning-score", "(14)"),
            (["--detection-turn-warning-score", "8"], "detection-turn-warning-score", "(7)"),
        ]
    )
    func thresholdOrder(arguments: [String], key: String, message: String) throws {
        let faults = self.faults(arguments)
        #expect(faults.count == 1)
        #expect(faults.first?.contains(key) == true)
        #expect(faults.first?.contains(message) == true)
        #expect(self.faults(["--detection-info-score", "8", "--detection-warning-score", "8"]).isEmpty)
    }

    @Test("the file can be named by TOKENSCALE_CONFIG")
    func fileByVariable() throws {
        try self.withFile("log-level: error") { path in
            let reader = ConfigurationReader(environment: ["TOKENSCALE_CONFIG": path])
            let effective = try reader.read(arguments: [], file: nil)
            #expect(effective.configuration.logLevel == .error)
        }
    }

    @Test("what --print-config shows is itself a configuration file with the same meaning")
    func printedConfigurationIsAFile() throws {
        let arguments = [
            "--runner-scrape-targets", "[{url: \"http://o:8080/metrics\", namespace: agents, queue: q}]",
            "--trusted-peers", "10.0.0.0/8,namespace:otel", "--otlp-grpc-address", "[::1]:0", "--api-address", "off",
        ]
        let reader = ConfigurationReader(environment: [:])
        let first = try reader.read(arguments: arguments, file: nil)
        try self.withFile(first.text) { path in
            let second = try reader.read(arguments: [], file: path)
            for setting in Setting.all {
                #expect(setting.show(second.configuration) == setting.show(first.configuration), "\(setting.key)")
                #expect(second.source(of: setting.key) != .builtIn, "\(setting.key) was not read back")
            }
        }
    }

    @Test("every setting accepts its own default through flag, variable and file")
    func defaultsAreAllowed() throws {
        for setting in Setting.all {
            let text = setting.show(Configuration())
            let reader = ConfigurationReader(environment: [setting.variable: text])
            let effective = try reader.read(arguments: ["--\(setting.key)=\(text)"], file: nil)
            #expect(setting.show(effective.configuration) == text, "\(setting.key)")
        }
    }

    @Test("a receiver's address, which may be a secret, is neither printed nor repeated in a fault")
    func secretsStayHidden() throws {
        let secret = "https://hooks.example/T0/very-secret"
        let good = "[{name: ops, type: slack, url: \"\(secret)\"}]"
        let effective = try ConfigurationReader(environment: [:]).read(
            arguments: ["--alert-receivers", good],
            file: nil
        )
        #expect(effective.configuration.alerting.receivers.first?.url == secret)
        #expect(!effective.text.contains("very-secret"))
        let faults = self.faults(["--alert-receivers", "[{name: ops, type: slack, url: \"\(secret)\", nonsense: 1}]"])
        #expect(faults.count == 1)
        #expect(!faults.joined().contains("very-secret"), "\(faults)")
    }

    @Test("keys are unique, in kebab case, and end with a unit where they have one")
    func keys() {
        let keys = Setting.all.map(\.key)
        #expect(Set(keys).count == keys.count)
        for key in keys {
            #expect(key.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" }, "\(key)")
        }
        for setting in Setting.all where setting.allowed.hasPrefix("a number") {
            let units = ["seconds", "score", "factor", "tokens", "rounds"]
            #expect(units.contains { setting.key.hasSuffix($0) }, "\(setting.key) has no unit")
        }
    }

    @Test(
        "a fault names the key, what was seen, where, and what is allowed",
        arguments: [
            (["--log-level", "loud"], "log-level = \"loud\" (--log-level): allowed: debug, info, warning, error"),
            (
                ["--otlp-grpc-address", "4317"],
                "otlp-grpc-address = \"4317\" (--otlp-grpc-address): allowed: HOST:PORT"
            ),
            (["--otlp-grpc-address", "a:65536"], "allowed: HOST:PORT"),
            (["--otlp-grpc-address", "::1:4317"], "[IPv6]:PORT"),
            (["--state-interval-seconds", "0.5"], "allowed: a number, 1…300"),
            (["--state-interval-seconds", "nan"], "allowed: a number, 1…300"),
            (["--pod-limit", "many"], "allowed: a whole number, 1…1000000"),
            (["--state-byte-limit", "9Gi"], "allowed: a whole number, 65536…4294967296"),
            (["--detection-weights", "same-outcme=1/1"], "\"same-outcme=1/1\" is not KIND=DETAILED/SIZES"),
            (["--detection-weights", "commit=-8"], "\"commit=-8\" is not KIND=DETAILED/SIZES"),
            (["--detection-weights", "commit=-80/nan"], "weights of -20…20 nats"),
            (["--log-level"], "log-level (command line): a value is missing"),
            (["--log-levle", "info"], "did you mean --log-level?"),
            (["--LOG_LEVEL", "info"], "did you mean --log-level?"),
            (["--bearer-token-file", "x"], "did you mean --otlp-bearer-token-file?"),
            (["info"], "not a flag"),
            (["--trusted-peers", "10.0.0.0/33"], "is not an address"),
            (["--runner-scrape-targets", "[{url: x}]"], "namespace is missing"),
            (["--runner-scrape-targets", "[{url: x, namespace: n}]"], "url must begin with http://"),
            (["--runner-scrape-targets", "[{nme: x}]"], "no such key \"nme\""),
            (["--runner-scrape-targets", "[{nme: x}, {}]"], "; item 2: url is missing"),
            (["--runner-scrape-targets", "[{url: 'http:///m', namespace: n}]"], "url has no host"),
            (["--runner-scrape-targets", "[{url: 'http://u:p@h/m', namespace: n}]"], "must not hold a user"),
            (["--runner-scrape-targets", "{"], "not YAML"),
            (["--runner-scrape-targets", "x"], "allowed: a list of"),
            (["--otlp-tls-certificate-file", "/dev/null"], "needs otlp-tls-private-key-file as well"),
            (["--api-tls-private-key-file", "/dev/null"], "needs api-tls-certificate-file as well"),
            (["--otlp-client-ca-file", "/dev/null"], "mTLS is TLS"),
            (["--otlp-bearer-token-file", "/no/such/file"], "the file is missing or cannot be read"),
            (["--alert-receivers", "[{name: a, type: fax}]"], "item 1: type must be one of alertmanager, webhook"),
            (["--alert-receivers", "[{name: p, type: pagerduty}]"], "alert-receivers[0].secret-files"),
            (["--alert-receivers", "[{name: s, type: slack}]"], "either url or url-file"),
            (["--alert-routes", "[{receivers: [nobody]}]"], "alert-routes[0].receivers = \"nobody\""),
            (["--alert-routes", "[{matchers: [\"a=~b\"]}]"], "is not label=value"),
            (["--alert-dashboard-url", "grafana"], "an absolute http or https URL"),
            (["--organisation-limits", "[{model: m, profile: rpm, tokens-per-minute: 1}]"], "profile must be one of"),
            (["--metrics-address", "127.0.0.1:4317"], "already taken by otlp-grpc-address"),
            (
                ["otlp-grpc", "otlp-http", "metrics", "api", "health"].map { "--\($0)-address=off" },
                "every server is off; at least one must listen"
            ),
        ]
    )
    func faultText(arguments: [String], expected: String) {
        let faults = self.faults(arguments)
        #expect(faults.count == 1)
        #expect(faults.first?.contains(expected) == true, "\(faults)")
        #expect(faults.first?.contains("u:p@") == false, "a password is not repeated")
    }

    @Test("all faults of flags, environment and file come at once")
    func allFaults() throws {
        try self.withFile("log-level: loud\nnonsense: 1\npod-limit: [1]\n") { path in
            let faults = self.faults(
                ["--session-limit", "0", "--typo", "1"],
                environment: ["TOKENSCALE_LOG_FORMAT": "xml"],
                file: path
            )
            #expect(faults.count == 6)
            for part in ["loud", "nonsense", "pod-limit", "session-limit", "--typo", "$TOKENSCALE_LOG_FORMAT"] {
                #expect(faults.contains { $0.contains(part) }, "\(part)")
            }
        }
    }

    @Test(
        "a broken file says where",
        arguments: [
            ("log-level: [", "not YAML"), ("- a\n- b\n", "the file holds a list; it must hold lines of `key: value`"),
            ("log-level:info\n", "the file holds one text; it must hold lines of `key: value`, with a space behind"),
            ("a: 1\nlog-level: \"x\n", "while scanning a quoted scalar that begins in line 2, found unexpected end"),
            ("? [a, b]\n: c\n", "[a, b] ("),
            ("log-level: info\nlog-level: debug\n", "written twice: log-level"),
        ]
    )
    func brokenFile(text: String, expected: String) throws {
        try self.withFile(text) { path in
            let faults = self.faults(file: path)
            #expect(faults.count == 1)
            #expect(faults.first?.contains(expected) == true, "\(faults)")
        }
    }

    @Test("in a pod the defaults are all interfaces, of the cluster's address family")
    func addressesInAPod() {
        #expect(Configuration().otlpGRPCAddress.text == "127.0.0.1:4317")
        let four = Configuration(environment: ["KUBERNETES_SERVICE_HOST": "10.96.0.1"])
        #expect(
            four.addresses.map(\.address.text) == [
                "0.0.0.0:4317", "0.0.0.0:4318", "0.0.0.0:8080", "0.0.0.0:6443", "0.0.0.0:8081",
            ]
        )
        let six = Configuration(environment: ["KUBERNETES_SERVICE_HOST": "fd00::1"])
        #expect(six.otlpHTTPAddress.text == "[::]:4318")
    }

    @Test("variables that Kubernetes makes of a Service are no faults; a slip in a name is a warning")
    func foreignVariables() throws {
        let environment = [
            "TOKENSCALE_SERVICE_HOST": "10.0.0.1", "TOKENSCALE_PORT_4317_TCP_ADDR": "10.0.0.1",
            "TOKENSCALE_LOG_LEVL": "info",
        ]
        let effective = try ConfigurationReader(environment: environment).read(arguments: [], file: nil)
        #expect(effective.warnings == ["TOKENSCALE_LOG_LEVL is not a setting; did you mean TOKENSCALE_LOG_LEVEL?"])
    }

    @Test("the page of the documentation is what the code says")
    func page() throws {
        let path = URL(filePath: #filePath)
            .appending(path: "../../../Sources/tokenscale/Documentation.docc/Configuration.md").standardizedFileURL
        let text = try String(contentsOf: path, encoding: .utf8)
        #expect(text == SettingsText.page(), "run: tokenscale check-config --reference > \(path.path)")
    }
}
