import Foundation
import Yams

/// The manifests of `Deploy/`: rendered by kubectl where that is installed, else as they are written.
struct Manifests: Sendable {
    struct Object: @unchecked Sendable {
        // A tree of values that nobody changes after parsing.
        let node: Node

        var kind: String { self.node["kind"]?.string ?? "" }
        var name: String { self.node["metadata"]?["name"]?.string ?? "" }
        var title: String { "\(self.kind)/\(self.name)" }
    }

    let objects: [Object]

    static let root = URL(filePath: #filePath).appending(path: "../../../..").standardizedFileURL
    static let kubectl = ["/usr/bin/kubectl", "/usr/local/bin/kubectl"].first(
        where: FileManager.default.isExecutableFile
    )

    static func text(_ path: String) throws -> String {
        try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
    }

    /// Every object of a kustomization's files.
    init(folder: String) throws {
        let kustomization = try Yams.compose(yaml: Self.text("\(folder)/kustomization.yaml"))
        let files = kustomization?["resources"]?.strings ?? []
        self.objects = try files.flatMap { try Self.parse(Self.text("\(folder)/\($0)")) }
    }

    init(rendered text: String) throws { self.objects = try Self.parse(text) }

    static func render(_ folder: String, kubectl: String) throws -> String {
        try Self.run(kubectl, ["kustomize", folder])
    }

    static func run(_ program: String, _ arguments: [String]) throws -> String {
        struct Failure: Error { var text: String }
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.currentDirectoryURL = Self.root
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(text: text) }
        return text
    }

    private static func parse(_ text: String) throws -> [Object] {
        try Yams.compose_all(yaml: text).map { Object(node: $0) }
    }

    func all(_ kind: String) -> [Object] { self.objects.filter { $0.kind == kind } }
    func first(_ kind: String, _ name: String) -> Node? {
        self.objects.first { $0.kind == kind && $0.name == name }?.node
    }
}

extension Node {
    var strings: [String] { self.sequence?.compactMap(\.string) ?? [] }
    var nodes: [Node] { self.sequence.map { Array($0) } ?? [] }

    /// `node.at("spec", "template", "spec")`
    func at(_ path: String...) -> Node? { path.reduce(Optional(self)) { $0?[$1] } }
}
