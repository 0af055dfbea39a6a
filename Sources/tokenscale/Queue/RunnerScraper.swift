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
            var throttles = [LogThrottle](repeating: LogThrottle(), count: self.targets.count)
            while !Task.isCancelled {
                await self.scrapeAll(&throttles)
                // Only cancellation ends the sleep early, and the loop's condition sees that.
                try? await Task.sleep(for: self.interval)
            }
        }
    }

    /// One round over all targets; what cannot be read is left out, so that its depth grows stale.
    func scrapeAll(_ throttles: inout [LogThrottle]) async {
        let results = await withTaskGroup(of: (Int, Result<RunnerScrape, RunnerScrapeError>).self) { group in
            for (index, target) in self.targets.enumerated() {
                group.addTask { (index, await self.scrape(target)) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var scrapes: [(queue: RunnerQueue, scrape: RunnerScrape)] = []
        for (index, result) in results {
            let target = self.targets[index]
            switch result {
            case .success(let scrape):
                self.counters.runnerScraped(.success)
                let name = target.queue ?? scrape.environment ?? "self-hosted"
                scrapes.append((RunnerQueue(namespace: target.namespace, queue: name), scrape))
            case .failure(let error):
                self.counters.runnerScraped(.failure)
                guard let suppressed = throttles[index].pass(now: WallClock.now()) else { continue }
                self.logger.warning(
                    "A runner could not be scraped; its queue depth grows stale. Check runner-scrape-targets.",
                    metadata: [
                        "namespace": "\(target.namespace)", "target": "\(index + 1)", "reason": "\(error)",
                        "suppressed": "\(suppressed)",
                    ]
                )
            }
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
        case .status(let status): "HTTP status \(status)"
        case .text(.malformed(let line)): "line \(line) is no Prometheus text"
        case .text(.tooManySamples(let limit)): "more than \(limit) samples"
        }
    }
}
