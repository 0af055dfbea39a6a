import Glibc
import NIOCore
import NIOPosix

/// Finds every address that is taken or cannot be used before anything begins, so that all are told at once.
///
/// The servers bind for themselves later and fail by themselves if a port is taken in between.
enum PortProbe {
    /// - Throws: ``CommandError`` that names each address, the setting it comes from, and what to do.
    static func check(_ addresses: [(key: String, address: ListenAddress)]) async throws(CommandError) {
        var taken: [String] = []
        var unusable: [String] = []
        for (key, address) in addresses {
            guard case .address(let host, let port) = address else { continue }
            switch await Self.trouble(host: host, port: port) {
            case nil: continue
            case .taken: taken.append("\(address.text) (\(key))")
            case .unusable(let reason): unusable.append("\(address.text) (\(key)): \(reason)")
            }
        }
        if !taken.isEmpty {
            unusable.append(
                "\(taken.joined(separator: ", ")): in use, perhaps by another tokenscale or an OpenTelemetry "
                    + "Collector; stop it, or choose other "
                    + "addresses (--\(addresses.first?.key ?? "otlp-http-address") HOST:PORT)"
            )
        }
        guard unusable.isEmpty else { throw CommandError(unusable.joined(separator: "; ")) }
    }

    private enum Trouble {
        case taken
        case unusable(String)
    }

    private static func trouble(host: String, port: Int) async -> Trouble? {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        do {
            let channel = try await bootstrap.bind(host: host, port: port).get()
            // It was free; that it closes is all we want.
            try? await channel.close()
            return nil
        } catch let error as IOError {
            switch error.errnoCode {
            case EADDRINUSE: return .taken
            case EADDRNOTAVAIL: return .unusable("no address of this machine; choose one, or 0.0.0.0 for all")
            case EACCES: return .unusable("this user may not listen there; choose a port above 1023")
            // Another trouble: the server tells it better.
            default: return nil
            }
        } catch is SocketAddressError.UnknownHost {
            return .unusable("the name does not resolve; choose an address of this machine, or 0.0.0.0 for all")
        } catch {
            return nil
        }
    }
}
