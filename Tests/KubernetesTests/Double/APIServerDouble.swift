import Foundation
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport

/// An API server of our own: TLS, lists in pages, watches with bookmarks and 410, reviews, patches, and failures on
/// demand. What it answers has the shape of the recorded exchanges with a kube-apiserver 1.36.
final class APIServerDouble: Sendable {
    struct Request: Sendable {
        var method: String
        var path: String
        var query: [String: String]
        var headers: [String: String]
        var body: [UInt8]

        var isWatch: Bool { self.query["watch"] != nil }
    }

    struct Watcher: Sendable {
        var channel: any Channel
        var collection: String
        var selector: String?
        var metadataOnly: Bool
    }

    private struct State {
        var model = ClusterModel()
        var watchers: [ObjectIdentifier: Watcher] = [:]
        var channels: [ObjectIdentifier: any Channel] = [:]
        var requests: [Request] = []
    }

    private let state = Mutex(State())
    private let listener: Mutex<(any Channel)?> = Mutex(nil)
    let certificates: TemporaryDirectory

    /// - Parameter speaksHTTP2: as real API servers do; else HTTP/1.1 is all there is.
    init(
        needsClientCertificate: Bool = false,
        speaksHTTP2: Bool = true,
        certificates: TemporaryDirectory
    ) async throws {
        self.certificates = certificates
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(self.certificates.path("server.crt")).map {
                .certificate($0)
            },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: self.certificates.path("server.key"), format: .pem))
        )
        if needsClientCertificate {
            tls.certificateVerification = .noHostnameVerification
            tls.trustRoots = .file(self.certificates.path("ca.crt"))
        }
        tls.applicationProtocols = speaksHTTP2 ? ["h2", "http/1.1"] : ["http/1.1"]
        let context = try NIOSSLContext(configuration: tls)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                }.flatMap {
                    // HTTP/1.1 parts on both: with HTTP/2 each request has a channel of its own.
                    channel.configureCommonHTTPServerPipeline { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(APIServerHandler(server: self))
                        }
                    }
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        self.listener.withLock { $0 = channel }
    }

    var url: String { "https://127.0.0.1:\(self.listener.withLock { $0?.localAddress?.port ?? 0 })" }

    func stop() async throws {
        let open = self.state.withLock { Array($0.channels.values) }
        for channel in open { channel.close(promise: nil) }
        try await self.listener.withLock { $0.take() }?.close()
    }

    // MARK: What tests say

    func put(_ collection: String, _ objects: JSON...) {
        for object in objects { self.tell { $0.put(collection, object) } }
    }

    func delete(_ collection: String, namespace: String, name: String) {
        self.tell { $0.delete(collection, namespace: namespace, name: name) }
    }

    func bookmark(_ collection: String) { self.tell { $0.bookmark(collection) } }

    func change<Value: Sendable>(_ change: (inout ClusterModel) -> sending Value) -> Value {
        self.state.withLock { change(&$0.model) }
    }

    func fail(_ failure: ClusterModel.Failure, path: String, isWatch: Bool? = nil, count: Int = 1) {
        self.change { $0.set(failure, path: path, isWatch: isWatch, count: count) }
    }

    /// Ends the watches of a collection, as the server does at their timeout.
    func endWatches(_ collection: String) {
        for watcher in self.watchers(collection) {
            self.forget(watcher.channel)
            watcher.channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
        }
    }

    /// Cuts the connections of a collection's watches in the middle.
    func breakWatches(_ collection: String) {
        for watcher in self.watchers(collection) { watcher.channel.close(promise: nil) }
    }

    func watchers(_ collection: String) -> [Watcher] {
        self.state.withLock { $0.watchers.values.filter { $0.collection == collection } }
    }

    var requests: [Request] { self.state.withLock { $0.requests } }

    func object(_ collection: String, _ name: String, namespace: String = "") -> JSON? {
        self.change { $0.objects[collection]?["\(namespace)/\(name)"] }
    }

    private func tell(_ change: (inout ClusterModel) -> ClusterModel.Event?) {
        let (event, watchers) = self.state.withLock { state in (change(&state.model), Array(state.watchers.values)) }
        guard let event else { return }
        for watcher in watchers where watcher.collection == event.collection { Self.send(event, to: watcher) }
    }

    static func send(_ event: ClusterModel.Event, to watcher: Watcher) {
        guard event.type == "BOOKMARK" || ClusterModel.matches(event.object, watcher.selector) else { return }
        let object = watcher.metadataOnly ? Self.partial(event.object) : event.object
        let line: JSON = ["type": .string(event.type), "object": object]
        let buffer = ByteBuffer(bytes: line.bytes + [0x0a])
        watcher.channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(buffer)), promise: nil)
    }

    static func partial(_ object: JSON) -> JSON {
        [
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] ?? [:],
        ]
    }

    // MARK: Requests

    enum Reply: Sendable {
        case json(Int, JSON)
        case text(Int, String)
        case watch(first: [ClusterModel.Event], Watcher)
        case gone(Watcher)
        case close
        case hang
    }

    func opened(_ channel: any Channel) { self.state.withLock { $0.channels[ObjectIdentifier(channel)] = channel } }

    func closed(_ channel: any Channel) {
        self.state.withLock { _ = $0.channels.removeValue(forKey: ObjectIdentifier(channel)) }
        self.forget(channel)
    }

    func forget(_ channel: any Channel) {
        self.state.withLock { _ = $0.watchers.removeValue(forKey: ObjectIdentifier(channel)) }
    }

    func reply(to request: Request, on channel: any Channel) -> Reply {
        self.state.withLock { state in
            state.requests.append(request)
            let reply = APIServerRoutes.reply(to: request, channel, &state.model)
            // Registered under the same lock that the first events were taken: none is lost in between.
            if case .watch(_, let watcher) = reply { state.watchers[ObjectIdentifier(channel)] = watcher }
            return reply
        }
    }
}

/// HTTP/1.1 parts to requests, replies to parts.
private final class APIServerHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: APIServerDouble
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(server: APIServerDouble) { self.server = server }

    func handlerAdded(context: ChannelHandlerContext) { self.server.opened(context.channel) }

    func channelInactive(context: ChannelHandlerContext) {
        self.server.closed(context.channel)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            self.body = []
        case .body(let buffer): self.body += buffer.readableBytesView
        case .end:
            guard let head = self.head.take() else { return }
            self.answer(head, context)
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let components = URLComponents(string: head.uri)
        let request = APIServerDouble.Request(
            method: head.method.rawValue,
            path: components?.percentEncodedPath ?? head.uri,
            query: Dictionary((components?.queryItems ?? []).map { ($0.name, $0.value ?? "") }) { _, last in last },
            headers: Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { _, last in last },
            body: self.body
        )
        switch self.server.reply(to: request, on: context.channel) {
        case .json(let status, let value): self.write(context, status, "application/json", value.bytes)
        case .text(let status, let text): self.write(context, status, "text/plain", Array(text.utf8))
        case .close: context.close(promise: nil)
        case .hang: break
        case .watch(let first, let watcher):
            self.writeHead(context, 200, ["Content-Type": "application/json"])
            context.flush()
            for event in first { APIServerDouble.send(event, to: watcher) }
        case .gone(let watcher):
            self.writeHead(context, 200, ["Content-Type": "application/json"])
            let status: JSON = ["kind": "Status", "code": 410, "reason": "Expired", "message": "too old"]
            let event = ClusterModel.Event(version: 0, collection: "", type: "ERROR", object: status)
            var watcher = watcher
            watcher.selector = nil
            APIServerDouble.send(event, to: watcher)
            context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    private func write(_ context: ChannelHandlerContext, _ status: Int, _ type: String, _ body: [UInt8]) {
        self.writeHead(context, status, ["Content-Type": type, "Content-Length": String(body.count)])
        context.write(self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    private func writeHead(_ context: ChannelHandlerContext, _ status: Int, _ headers: [String: String]) {
        let fields = HTTPHeaders(headers.map { ($0.key, $0.value) })
        // Without a length HTTP/1.1 sends chunks; HTTP/2 needs neither.
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: fields)
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
    }
}
