package import CurlHTTP
import FoundationEssentials
import TokenscaleCore

/// Talks JSON to one API server.
package final class KubernetesClient: Sendable {
    package let cluster: ClusterConfiguration
    private let http: HTTPClient

    /// - Parameter proxy: what the process' environment says; the kubeconfig's `proxy-url` wins over it.
    package init(_ cluster: ClusterConfiguration, userAgent: String, proxy: ProxySettings = .ofProcess()) {
        self.cluster = cluster
        self.http = HTTPClient(
            HTTPClient.Configuration(
                userAgent: userAgent,
                proxy: cluster.proxyURL.map { ProxySettings.proxy($0) } ?? proxy
            )
        )
    }

    struct Query: ExpressibleByDictionaryLiteral {
        var items: [(name: String, value: String)]

        init(dictionaryLiteral elements: (String, String)...) { self.items = elements.map { ($0.0, $0.1) } }

        subscript(name: String) -> String? {
            get { self.items.first { $0.name == name }?.value }
            set {
                self.items.removeAll { $0.name == name }
                if let newValue { self.items.append((name, newValue)) }
            }
        }
    }

    static let pageByteLimit = 64 << 20

    func get<Object: Decodable>(
        _ type: Object.Type,
        _ path: String,
        query: Query = [:],
        accept: String = "application/json",
        timeout: Duration = .seconds(30)
    ) async throws(KubernetesError) -> Object {
        var request = self.request(.get, path, query: query, accept: accept)
        request.totalTimeout = timeout
        return try Self.decode(type, try await self.send(request))
    }

    func send<Object: Decodable>(
        _ method: HTTPRequest.Method,
        _ path: String,
        query: Query = [:],
        body: some Encodable,
        contentType: String = "application/json",
        returning type: Object.Type,
        timeout: Duration = .seconds(10)
    ) async throws(KubernetesError) -> Object {
        var request = self.request(method, path, query: query, accept: "application/json")
        request.headers.append(HTTPHeader(name: "Content-Type", value: contentType))
        request.totalTimeout = timeout
        do {
            request.body = [UInt8](try JSONEncoder().encode(body))
        } catch {
            throw .undecodable("a request")
        }
        return try Self.decode(type, try await self.send(request))
    }

    /// Opens a watch. The head is a success; events follow, one JSON object a line.
    func watch(
        _ path: String,
        query: Query,
        accept: String,
        timeout: Duration
    ) async throws(KubernetesError) -> HTTPResponseStream {
        var request = self.request(.get, path, query: query, accept: accept)
        request.totalTimeout = timeout
        let stream: HTTPResponseStream
        do {
            stream = try await self.http.open(request)
        } catch {
            throw .transport(error)
        }
        guard stream.head.status == 200 else {
            var body: [UInt8] = []
            do {
                while body.count < 64 * 1024, let chunk = try await stream.next() { body += chunk }
            } catch {
                throw .transport(error)
            }
            throw Self.failure(status: stream.head.status, body: body)
        }
        return stream
    }

    /// Whether a path answers with a success; for reachability checks.
    func probe(_ path: String, timeout: Duration = .seconds(10)) async throws(KubernetesError) {
        var request = self.request(.get, path, query: [:], accept: "application/json")
        request.totalTimeout = timeout
        _ = try await self.send(request)
    }

    static func decode<Object: Decodable>(
        _ type: Object.Type,
        _ body: some Sequence<UInt8>
    ) throws(KubernetesError)
        -> Object
    {
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch {
            throw .undecodable("a \(type)")
        }
    }

    private func send(_ request: HTTPRequest) async throws(KubernetesError) -> [UInt8] {
        let response: HTTPResponse
        do {
            response = try await self.http.send(request, bodyLimit: Self.pageByteLimit)
        } catch {
            throw .transport(error)
        }
        guard response.isSuccess else { throw Self.failure(status: response.status, body: response.body) }
        return response.body
    }

    private func request(_ method: HTTPRequest.Method, _ path: String, query: Query, accept: String) -> HTTPRequest {
        var url = self.cluster.server + path
        for (index, item) in query.items.enumerated() {
            url += (index == 0 ? "?" : "&") + item.name + "=" + item.value.percentEncoded()
        }
        var request = HTTPRequest(method, url: url, headers: [HTTPHeader(name: "Accept", value: accept)])
        request.tls = self.cluster.tls
        switch self.cluster.token {
        case .none: break
        case .text(let token):
            request.headers.append(HTTPHeader(name: "Authorization", value: "Bearer " + token))
        case .file(let path): request.bearerTokenFile = path
        }
        return request
    }

    private static func failure(status code: Int, body: [UInt8]) -> KubernetesError {
        let status = try? Self.decode(StatusObject.self, body)
        if code == 410 || status?.code == 410 { return .expired }
        return .status(code: code, reason: status?.reason ?? "", message: status?.message ?? "no message")
    }
}
