import TokenscaleCore

/// The resource blocks of one request. The batches are reused: once warm, decoding a request allocates nothing.
struct BlockList {
    /// Items and blocks whose memory is kept between requests; after a larger request all of it is given back.
    private static let retainedItemCount = 16_384
    private static let retainedBlockCount = 256

    private let itemCountMax: Int
    private let blockCountMax: Int
    var blocks: [ResourceBatch] = []
    private(set) var count = 0
    private var itemCount = 0
    /// Items that broke a per-item limit.
    private(set) var limitedCount = 0

    init(limits: DecodeLimits) {
        self.itemCountMax = limits.itemCountMax
        self.blockCountMax = limits.blockCountMax
    }

    /// Forgets the request before.
    mutating func begin() {
        if self.itemCount > Self.retainedItemCount || self.blocks.count > Self.retainedBlockCount { self.blocks = [] }
        self.count = 0
        self.itemCount = 0
        self.limitedCount = 0
    }

    /// Opens the next block: the one that items are appended to.
    mutating func open() throws(OTLPDecodeError) {
        guard self.count < self.blockCountMax else {
            throw .tooLarge(.blockCount, seen: self.count + 1, allowed: self.blockCountMax)
        }
        if self.count == self.blocks.count {
            self.blocks.append(ResourceBatch())
        } else {
            self.blocks[self.count].removeAll()
        }
        self.count += 1
    }

    /// Closes the block. When its resource broke a limit, none of its items may be recorded.
    mutating func close(isOverLimit: Bool) {
        guard isOverLimit else { return }
        let index = self.openIndex
        self.limitedCount += self.blocks[index].points.count + self.blocks[index].events.count
        let ignoredCount = self.blocks[index].ignoredCount
        self.blocks[index].removeAll()
        self.blocks[index].ignoredCount = ignoredCount
    }

    /// Index of the open block in ``blocks``.
    var openIndex: Int { self.count &- 1 }

    /// Counts items before they are decoded.
    @inline(__always)
    mutating func add(itemCount: Int) throws(OTLPDecodeError) {
        self.itemCount &+= itemCount
        guard self.itemCount <= self.itemCountMax else {
            throw .tooLarge(.itemCount, seen: self.itemCount, allowed: self.itemCountMax)
        }
    }

    @inline(__always)
    mutating func append(_ point: MetricPoint) { self.blocks[self.openIndex].points.append(point) }

    @inline(__always)
    mutating func append(_ event: AgentEvent) { self.blocks[self.openIndex].events.append(event) }

    mutating func ignore(_ itemCount: Int) { self.blocks[self.openIndex].ignoredCount += itemCount }

    mutating func refuseItem() { self.limitedCount += 1 }
}
