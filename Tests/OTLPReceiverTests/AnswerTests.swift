import Foundation
import OTLP
import Testing
import TokenscaleCore

@testable import OTLPReceiver

@Suite("Answers")
struct AnswerTests {
    static let text = "a \"quoted\" \\ text\nwith ünïcode \u{1}"

    static func partial() throws -> PartialSuccess {
        var outcome = RecordOutcome()
        outcome.limitedCount = 200
        outcome.refusedCount = 100
        return try #require(PartialSuccess(outcome))
    }

    @Test(
        "the official protobuf classes read them, binary and JSON alike",
        .enabled(if: TestPython.path != nil, "run ./test: it installs the exporters")
    )
    func oracle() async throws {
        let retry = RPCStatus(code: .unavailable, message: Self.text, detail: .retry(afterSeconds: 3))
        let bad = RPCStatus(code: .invalidArgument, message: Self.text, detail: .badRequest)
        let plain = RPCStatus(code: .notFound, message: "", detail: nil)
        let partial = try Self.partial()
        var pairs: [(String, [UInt8], [UInt8])] = [retry, bad, plain].map { ("Status", $0.protobuf, $0.json) }
        pairs.append(("metrics", partial.protobuf, partial.json(.metrics)))
        pairs.append(("logs", partial.protobuf, partial.json(.logs)))
        pairs.append(("traces", partial.protobuf, partial.json(.traces)))
        let hex = { (bytes: [UInt8]) in bytes.map { String(format: "%02x", $0) }.joined() }
        let argument = pairs.flatMap { [[$0.0, hex($0.1)], ["\($0.0)-json", hex($0.2)]] }
        let json = String(decoding: try JSONEncoder().encode(argument), as: UTF8.self)
        let decoded = try await TestPython.run("decode_answers.py", json, as: [String: [String]].self)
        let answers = try #require(decoded["answers"])
        try #require(answers.count == 12)
        for index in stride(from: 0, to: 12, by: 2) { #expect(answers[index] == answers[index + 1]) }
        #expect(answers[0].contains(#""retryDelay": "3s""#))
        #expect(answers[0].contains(#""code": 14"#))
        #expect(answers[2].contains("fieldViolations"))
        #expect(answers[4] == #"{"code": 5}"#)
        #expect(answers[6].contains(#""rejectedDataPoints": "300""#))
        #expect(answers[8].contains(#""rejectedLogRecords": "300""#))
        #expect(answers[10].contains(#""rejectedSpans": "300""#))
    }

    @Test("who sends points without a temporality is told what to do, and nothing of limits")
    func ambiguous() throws {
        var outcome = RecordOutcome()
        outcome.acceptedCount = 5
        outcome.ambiguousCount = 3
        let partial = try #require(PartialSuccess(outcome))
        #expect(partial.rejectedCount == 3)
        #expect(partial.message.hasPrefix("3 points not taken:"))
        #expect(partial.message.contains("delta (1) or cumulative (2)"))
        #expect(!partial.message.contains("limit"))
    }

    @Test("who sends values that no counter has is told which are possible")
    func invalid() throws {
        var outcome = RecordOutcome()
        outcome.invalidCount = 2
        let partial = try #require(PartialSuccess(outcome))
        #expect(partial.rejectedCount == 2)
        #expect(partial.message == "2 points not taken: their values are below 0 or above 2^53")
    }

    @Test("every refusal has a status in both protocols, and only overload may be tried again")
    func refusals() {
        for reason in IngestStatistics.Refusal.allCases {
            let refusal = Refusal(reason, "text")
            let refused = RefusedRequest(signal: .logs, refusal: refusal)
            let code = Int(HTTPAnswer(.failure(refused), plan: nil, contentType: nil).code) ?? 0
            #expect((400..<600).contains(code), "\(reason)")
            #expect(refusal.rpcCode != .ok && refusal.httpRPCCode != .ok, "\(reason)")
            // What OTLP clients send again: <https://opentelemetry.io/docs/specs/otlp/#failures>.
            let isRetried = [429, 502, 503, 504].contains(code)
            #expect(isRetried == (refusal.rpcCode == .unavailable), "\(reason)")
            #expect((refusal.httpRPCCode == .unavailable) == isRetried, "\(reason)")
        }
    }

    @Test("success is empty, as OTLP demands; duplicates and unknown items are no partial success")
    func fullSuccess() {
        var outcome = RecordOutcome()
        outcome.acceptedCount = 5
        outcome.duplicateCount = 3
        outcome.ignoredCount = 2
        #expect(PartialSuccess(outcome) == nil)
    }

    @Test(
        "grpc-message is percent-encoded",
        arguments: [("plain text", "plain text"), ("100 %\nü", "100 %25%0A%C3%BC")]
    )
    func percent(test: (text: String, encoded: String)) {
        #expect(HTTP2StreamHandler.percentEncoded(test.text) == test.encoded)
    }

    @Test("durations fall into the bucket whose bound they do not exceed")
    func histogram() {
        var histogram = DurationHistogram()
        for nanoseconds: Int64 in [-5, 0, 100_000, 100_001, 1_000_000_000, 10_000_000_001] {
            histogram.record(nanoseconds: nanoseconds)
        }
        #expect(histogram.count == 6)
        #expect(histogram.counts[0] == 3)
        #expect(histogram.counts[1] == 1)
        #expect(histogram.counts[DurationHistogram.upperBounds.firstIndex(of: 1) ?? 0] == 1)
        #expect(histogram.counts.last == 1)
        var sum = histogram
        sum += histogram
        #expect(sum.count == 12)
        #expect(sum.sumSeconds == 2 * histogram.sumSeconds)
    }
}
