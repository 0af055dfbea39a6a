import Foundation
import Testing
import TokenscaleCore

/// `Dashboards/`, checked by Prometheus' own tools. Against live data: `DashboardTests` and
/// Tests/Tools/check-dashboards.
@Suite("Rules and dashboards")
struct RulesTests {
    private static let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
    private static let rules = Self.root.appending(path: "Dashboards/prometheus/tokenscale.rules.yaml").path
    private static let runbooks = Self.root.appending(path: "Sources/tokenscale/Documentation.docc/Runbooks.md")

    @Test("promtool accepts the rules, and their unit tests pass")
    func promtool() async throws {
        guard let promtool = Program.find("promtool") else {
            print("skipped: promtool is not installed (Debian: prometheus)")
            return
        }
        #expect(try await Program.run(promtool, ["check", "rules", Self.rules]).contains("SUCCESS"))
        let tests = Self.rules.replacingOccurrences(of: "rules.yaml", with: "rules.test.yaml")
        #expect(try await Program.run(promtool, ["test", "rules", tests]).contains("SUCCESS"))
    }

    @Test("every alert of the rules has a severity, texts, and a chapter in the runbooks")
    func runbooks() throws {
        let text = try String(contentsOfFile: Self.rules, encoding: .utf8)
        let chapters = try String(contentsOf: Self.runbooks, encoding: .utf8).split(separator: "\n")
        let alerts = text.components(separatedBy: "- alert: ").dropFirst()
        #expect(alerts.count == 18)
        for alert in alerts {
            let name = String(alert.prefix { $0 != "\n" })
            for key in ["severity: ", "summary: ", "description: ", "runbook: "] {
                #expect(alert.contains(key), "\(name) lacks \(key)")
            }
            // Alerts of one kind share a chapter, which the runbook's text then names.
            let named = alert.components(separatedBy: "hapter").last ?? ""
            let chapter = chapters.contains { $0 == "### \(name)" || named.contains($0.dropFirst(4)) && $0.count > 8 }
            #expect(chapter || named.contains("the pattern's"), "\(name) has no chapter in Runbooks.md")
        }
    }

    @Test("every pattern has a chapter where the link of an alert leads", arguments: LoopPattern.allCases)
    func patterns(pattern: LoopPattern) throws {
        let chapters = try String(contentsOf: Self.runbooks, encoding: .utf8).split(separator: "\n")
        let anchor = pattern.name.split(separator: "_").joined(separator: "-")
        #expect(chapters.contains("### \(anchor)"))
    }

    @Test("the dashboard can be provisioned: classic JSON with a stable uid and one data source for all panels")
    func dashboard() throws {
        let url = Self.root.appending(path: "Dashboards/grafana/tokenscale.json")
        let dashboard = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any]
        )
        #expect(dashboard["uid"] as? String == "tokenscale")
        #expect(dashboard["id"] is NSNull)
        #expect(try #require(dashboard["schemaVersion"] as? Int) >= 39)
        let panels = try #require(dashboard["panels"] as? [[String: Any]])
        #expect(Set(panels.compactMap { $0["id"] as? Int }).count == panels.count)
        #expect(panels.filter { $0["type"] as? String == "row" }.compactMap { $0["title"] as? String }.count == 3)
        for panel in panels where panel["type"] as? String != "row" {
            let title = panel["title"] as? String ?? ""
            #expect((panel["datasource"] as? [String: String])?["uid"] == "${datasource}", "\(title)")
            #expect((panel["description"] as? String)?.isEmpty == false, "\(title) has no description")
            let defaults = (panel["fieldConfig"] as? [String: Any])?["defaults"] as? [String: Any]
            #expect(defaults?["unit"] is String, "\(title) has no unit")
            for target in panel["targets"] as? [[String: Any]] ?? [] {
                let expression = try #require(target["expr"] as? String)
                #expect(!expression.contains("rate(") || expression.contains("[$__"), "\(title): a fixed range")
            }
        }
    }
}
