import Foundation
import Testing

@testable import Kubernetes

@Suite("Values of the Kubernetes target")
struct ValueTests {
    @Test("lines are found however the stream is cut", arguments: 1...12)
    func lineSplitter(chunkLength: Int) {
        let text = "one\n\ntwo\nthree and more\nrest"
        var splitter = LineSplitter(lineByteLimit: 100)
        var lines: [String] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: chunkLength) {
            splitter.append(Array(bytes[start..<min(start + chunkLength, bytes.count)]))
            while let line = splitter.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        }
        #expect(lines == ["one", "two", "three and more"])
        #expect(!splitter.isOverLimit)
    }

    @Test("an endless line is noticed, long complete ones are not an overrun of the rest")
    func lineLimit() {
        var splitter = LineSplitter(lineByteLimit: 8)
        splitter.append(Array("0123456789\n01234567".utf8))
        #expect(splitter.next()?.count == 10)
        #expect(splitter.next() == nil)
        #expect(!splitter.isOverLimit)
        splitter.append([0x38])
        #expect(splitter.next() == nil && splitter.isOverLimit)
    }

    @Test("backoff doubles up to its maximum, with jitter below, and starts again after a success")
    func backoff() {
        var generator = SystemRandomNumberGenerator()
        var backoff = Backoff(minimum: .milliseconds(100), maximum: .seconds(1))
        for expected in [100, 200, 400, 800, 1000, 1000, 1000] {
            let pause = backoff.next(using: &generator)
            #expect(pause >= .milliseconds(expected / 2) && pause <= .milliseconds(expected))
        }
        for _ in 0..<100 { _ = backoff.next(using: &generator) }
        backoff.reset()
        #expect(backoff.next(using: &generator) <= .milliseconds(100))
    }

    @Test("a cache forgets at the end of its lifetime, holds no more than its limit, and the oldest goes first")
    func cache() {
        let start = ContinuousClock.now
        var cache = ExpiringCache<Int, String>(lifetime: .seconds(10), countLimit: 3)
        cache.insert("a", for: 1, now: start)
        #expect(cache.value(of: 1, now: start + .seconds(9.9)) == "a")
        #expect(cache.value(of: 1, now: start + .seconds(10)) == nil)
        for key in 2...4 { cache.insert("b", for: key, now: start + .seconds(1)) }
        #expect(cache.count == 3 && cache.value(of: 1, now: start + .seconds(2)) == nil)
        // An entry that was renewed is young: the next one makes room.
        cache.insert("c", for: 2, now: start + .seconds(5))
        cache.insert("d", for: 5, now: start + .seconds(5))
        #expect(cache.value(of: 2, now: start + .seconds(14)) == "c")
        #expect(cache.value(of: 3, now: start + .seconds(5)) == nil)
        cache.insert("e", for: 6, now: start + .seconds(30))
        #expect(cache.count == 1)
    }

    @Test("a cache under churn stays bounded and agrees with a plain dictionary", arguments: [1, 2, 3] as [UInt64])
    func cacheAgainstModel(seed: UInt64) {
        var generator = SplitMix(state: seed)
        var cache = ExpiringCache<Int, Int>(lifetime: .seconds(10), countLimit: 1000)
        var model: [Int: (value: Int, expires: ContinuousClock.Instant)] = [:]
        var now = ContinuousClock.now
        for step in 0..<20_000 {
            now += .milliseconds(Int.random(in: 0...20, using: &generator))
            let key = Int.random(in: 0..<500, using: &generator)
            let expected = model[key].flatMap { now < $0.expires ? $0.value : nil }
            #expect(cache.value(of: key, now: now) == expected, "seed \(seed), step \(step)")
            if Bool.random(using: &generator) {
                cache.insert(step, for: key, now: now)
                model[key] = (step, now + .seconds(10))
            }
        }
        #expect(cache.count <= 500)
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
