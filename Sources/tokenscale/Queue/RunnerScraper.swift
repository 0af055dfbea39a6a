import CurlHTTP
import Logging
import ServiceLifecycle
import TokenscaleCore

/// Reads the queue depth of Anthropic's self-hosted environments from their orchestrators, at its own pace.
struct RunnerScraper: Service {
    let targets: [RunnerTarget]
    let interval: Duration
    let client: HTTPClient
    let aggregator: Aggregator
    let counters: ProcessCounters
    let logger: Logger

    /// A body beyond this is not an orchestrator's.
    static let bodyByteLimit = 4 << 20

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for indices in self.queues { group.addTask { await self.scrapeUntilCancelled(indices) } }
            }
        }
    }

    /// Places in ``targets`` of those that may tell of one queue: they are combined, so they go round together. A slow
    /// one holds up no other queue.
    private var queues: [[Int]] {
        let byQueue = Dictionary(grouping: self.targets.indices) { index in
            [self.targets[index].namespace, self.targets[index].queue ?? ""]
        }
        return byQueue.values.sorted { $0[0] < $1[0] }
    }

    private func scrapeUntilCancelled(_ indices: [Int]) async {
        var throttles = [LogThrottle](repeating: LogThrottle(), count: self.targets.count)
        while !Task.isCancelled {
            await self.scrape(indices, &throttles)
            // Only cancellation ends the sleep early, and the loop's condition sees that.
            try? await Task.sleep(for: self.interval)
        }
    }

    /// One round; what cannot be read is left out, so that its depth grows stale.
    private func scrape(_ indices: [Int], _ throttles: inout [LogThrottle]) async {
        let results = await withTaskGroup(of: (Int, Result<RunnerScrape, RunnerScrapeError>).self) { group in
            for index in indices { group.addTask { (index, await self.scrape(self.targets[index])) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var scrapes: [(queue: RunnerQueue, scrape: RunnerScrape)] = []
        for (index, result) in results {
            let target = self.targets[index]
            let reason: String
            switch result {
            case .success(let scrape):
                let name = target.queue ?? scrape.environment ?? "self-hosted"
                scrapes.append((RunnerQueue(namespace: target.namespace, queue: name), scrape))
                self.counters.runnerScraped(scrape.depth == nil ? .withoutDepth : .success)
                guard let fault = scrape.fault else { continue }
                reason = fault
            case .failure(let error):
                self.counters.runnerScraped(.failure)
                reason = "\(error)"
            }
            guard let suppressed = throttles[index].pass(now: WallClock.now()) else { continue }
            self.logger.warning(
                "A runner tells no queue depth; the last one grows stale. Check runner-scrape-targets.",
                metadata: [
                    "namespace": "\(target.namespace)", "queue": "\(target.queue ?? "")",
                    "target": "\(index + 1)", "reason": "\(reason)", "suppressed": "\(suppressed)",
                ]
            )
        }
        let now = WallClock.now()
        for (queue, depth) in RunnerQueue.depths(scrapes) {
            // A refusal is counted by the aggregator.
            _ = self.aggregator.recordQueueDepth(
                namespace: queue.namespace,
                queue: queue.queue,
                pod: nil,
                depth: depth,
                source: .scrape,
                time: now,
                arrival: now
            )
        }
    }

    private func scrape(_ target: RunnerTarget) async -> Result<RunnerScrape, RunnerScrapeError> {
        var request = HTTPRequest(url: target.url)
        request.totalTimeout = min(self.interval, .seconds(10))
        let response: HTTPResponse
        do throws(HTTPClientError) {
            response = try await self.client.send(request, bodyLimit: Self.bodyByteLimit)
        } catch {
            return .failure(.transport(error))
        }
        guard response.isSuccess else { return .failure(.status(response.status)) }
        do throws(PrometheusTextError) {
            return .success(try RunnerScrape(text: String(decoding: response.body, as: UTF8.self)))
        } catch {
            return .failure(.text(error))
        }
    }
}

/// Why one scrape told nothing. The next round tries again.
enum RunnerScrapeError: Error, Equatable, Sendable, CustomStringConvertible {
    case transport(HTTPClientError)
    case status(Int)
    case text(PrometheusTextError)

    var isRetryable: Bool { true }

    var description: String {
        switch self {
        case .transport(let error): "\(error)"
        case .status(401), .status(403): "HTTP status 401 or 403: it wants credentials, which an orchestrator does not"
        case .status(404): "HTTP status 404: the path of an orchestrator is /metrics"
        case .status(let status): "HTTP status \(status)"
        case .text(.malformed(let line)): "line \(line) is no Prometheus text"
        case .text(.tooManySamples(let limit)): "more than \(limit) samples"
        }
    }
}
