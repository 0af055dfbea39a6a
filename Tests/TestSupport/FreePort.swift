import Foundation

/// A TCP port of 127.0.0.1 that nobody has just now, for programs that cannot choose one themselves.
///
/// Below the range that the kernel gives to outgoing connections: nobody takes it by chance before the program does.
package enum FreePort {
    private static let candidates = 20_000..<32_768
    private static let attemptsMax = 100

    package struct NoneFound: Error {}

    package static func find() throws -> Int {
        for _ in 0..<self.attemptsMax {
            let port = Int.random(in: self.candidates)
            if self.isFree(port) { return port }
        }
        throw NoneFound()
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
