import Glibc
import NIOCore
import NIOPosix

/// Finds every address that is taken before anything begins, so that all are told at once.
///
/// The servers bind for themselves later and fail by themselves if a port is taken in between.
enum PortProbe {
    /// - Throws: ``CommandError`` that names each address, the setting it comes from, and what to do.
    static func check(_ addresses: [(key: String, address: ListenAddress)]) async throws(CommandError) {
        var taken: [String] = []
        for (key, address) in addresses {
            guard case .address(let host, let port) = address, port != 0 else { continue }
            if await Self.isTaken(host: host, port: port) { taken.append("\(address.text) (\(key))") }
        }
        guard !taken.isEmpty else { return }
        throw CommandError(
            "\(taken.joined(separator: ", ")): in use, perhaps by another tokenscale or an OpenTelemetry Collector; "
                + "stop it, or choose other addresses (--\(addresses.first?.key ?? "otlp-http-address") HOST:PORT)"
        )
    }

    private static func isTaken(host: String, port: Int) async -> Bool {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        do {
            let channel = try await bootstrap.bind(host: host, port: port).get()
            // It was free; that it closes is all we want.
            try? await channel.close()
            return false
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            return true
        } catch {
            // Another trouble: the server tells it better.
            return false
        }
    }
}
