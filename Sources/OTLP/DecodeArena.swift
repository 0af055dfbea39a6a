import COTLP

/// Owns the memory in which protobuf-c builds the envelope of one request; reused from request to request.
@safe
final class DecodeArena {
    /// Memory beyond this is given back after the request that needed it.
    private static let retainedByteCount = 4 << 20

    private let arena: UnsafeMutablePointer<decode_arena>
    private var memory: UnsafeMutableRawBufferPointer

    init() {
        unsafe self.arena = .allocate(capacity: 1)
        unsafe self.memory = .allocate(byteCount: 1 << 16, alignment: 16)
        unsafe decode_arena_init(self.arena, self.memory.baseAddress, self.memory.count)
    }

    deinit {
        unsafe self.memory.deallocate()
        unsafe self.arena.deallocate()
    }

    /// Forgets the message before and provides `byteCount` bytes.
    func prepare(byteCount: Int) {
        if unsafe self.memory.count < byteCount {
            unsafe self.memory.deallocate()
            unsafe self.memory = .allocate(byteCount: byteCount, alignment: 16)
        }
        // The budget, not the memory at hand, decides: whether a body is accepted does not depend on earlier ones.
        unsafe decode_arena_init(self.arena, self.memory.baseAddress, byteCount)
    }

    /// Gives back what only a large request needs. The message is gone after this.
    func release() {
        guard unsafe self.memory.count > Self.retainedByteCount else { return }
        unsafe self.memory.deallocate()
        unsafe self.memory = .allocate(byteCount: 1 << 16, alignment: 16)
        unsafe decode_arena_init(self.arena, self.memory.baseAddress, self.memory.count)
    }

    /// For protobuf-c's `unpack`; valid until the next ``prepare(byteCount:)``.
    var allocator: UnsafeMutablePointer<ProtobufCAllocator> {
        unsafe decode_arena_allocator(self.arena)
    }

    /// Did a message not fit?
    var isExhausted: Bool { unsafe self.arena.pointee.refused > 0 }

    /// The bytes that the message is built of.
    var used: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: self.arena.pointee.base, count: self.arena.pointee.used)
    }
}
