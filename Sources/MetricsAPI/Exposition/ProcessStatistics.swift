import FoundationEssentials
import Glibc

/// The standard `process_*` metrics, read from `/proc`.
/// <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>
struct ProcessStatistics: Sendable {
    var cpuSeconds: Double?
    var residentBytes: Int64?
    var virtualBytes: Int64?
    var startTimeSeconds: Double?
    var openFileCount: Int64?
    var openFileLimit: Int64?

    /// What the machine tells; elsewhere than on Linux, nothing.
    static func read() -> ProcessStatistics {
        var statistics = ProcessStatistics()
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        // The name in parentheses may hold blanks: the fields after the last one count.
        if let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        {
            let fields = text[end...].split(separator: " ").dropFirst().map(String.init)
            if fields.count > 21, ticks > 0 {
                statistics.cpuSeconds = Double(fields[11]).flatMap { user in
                    Double(fields[12]).map { (user + $0) / ticks }
                }
                statistics.virtualBytes = Int64(fields[20])
                statistics.residentBytes = Int64(fields[21]).map { $0 * Int64(sysconf(Int32(_SC_PAGESIZE))) }
                if let started = Double(fields[19]), let boot = Self.bootSeconds() {
                    statistics.startTimeSeconds = boot + started / ticks
                }
            }
        }
        statistics.openFileCount = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))
            .map { Int64($0.count) }
        if let limits = try? String(contentsOfFile: "/proc/self/limits", encoding: .utf8),
            let line = limits.split(separator: "\n").first(where: { $0.hasPrefix("Max open files") })
        {
            statistics.openFileLimit = line.split(separator: " ").dropFirst(3).first.flatMap { Int64($0) }
        }
        return statistics
    }

    private static func bootSeconds() -> Double? {
        let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8)
        let line = text?.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line?.split(separator: " ").last.flatMap { Double($0) }
    }

    func write(to writer: inout ExpositionWriter) {
        if let cpuSeconds {
            writer.family("process_cpu_seconds", .counter, "User and system CPU time spent.")
            writer.sample([], cpuSeconds)
        }
        self.gauge("process_resident_memory_bytes", self.residentBytes.map(Double.init), "Resident memory.", &writer)
        self.gauge("process_virtual_memory_bytes", self.virtualBytes.map(Double.init), "Virtual memory.", &writer)
        self.gauge("process_start_time_seconds", self.startTimeSeconds, "Start of the process since 1970.", &writer)
        self.gauge("process_open_fds", self.openFileCount.map(Double.init), "Open file descriptors.", &writer)
        self.gauge("process_max_fds", self.openFileLimit.map(Double.init), "Most open file descriptors.", &writer)
    }

    private func gauge(_ name: String, _ value: Double?, _ help: String, _ writer: inout ExpositionWriter) {
        guard let value else { return }
        writer.family(name, .gauge, help)
        writer.sample([], value)
    }
}
