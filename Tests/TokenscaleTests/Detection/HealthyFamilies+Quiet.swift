extension HealthyFamilies {
    /// Little happens.
    static let quiet: [Family] = [
        (
            "chat",
            { writer in
                for _ in 0..<40 {
                    writer.wait(30_000 + writer.random.below(120_000))
                    writer.prompt(length: 20 + writer.random.below(200))
                    writer.model(response: 300 + writer.random.below(60))
                }
            }
        ),
        (
            "hourly_report",
            { writer in
                for _ in 0..<20 {
                    writer.newSession(promptLength: 420)
                    writer.call("Bash", "kubectl get pods", result: 1_800, command: "kubectl", duration: 500)
                    writer.call("Bash", "df", result: 320, command: "df", duration: 50)
                    writer.model(response: 240)
                    writer.wait(3_600_000)
                }
            }
        ),
        (
            "woken_by_jobs",
            { writer in
                for job in 0..<8 {
                    writer.call("Agent", "job \(job)", input: 700 + 41 * job, result: 90, duration: 400)
                }
                for _ in 0..<20 {
                    writer.wait(40_000 + writer.random.below(200_000))
                    writer.model(response: 20 + writer.random.below(90))
                }
                writer.call("Write", "summary", input: 3_000, file: "summary")
            }
        ),
        (
            "worker",
            { writer in
                for task in 0..<25 {
                    writer.newSession(promptLength: 700 + writer.random.below(40))
                    writer.call("Read", "task \(task)", result: 800 + writer.random.below(800))
                    writer.call("Edit", "do \(task)", input: 200 + writer.random.below(700), file: "w\(task)")
                    writer.model(response: 120 + writer.random.below(80))
                    writer.wait(5_000)
                }
            }
        ),
    ]
}
