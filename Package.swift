// swift-tools-version:6.3
import PackageDescription

// Every Swift target of ours is built under these rules; one that must switch a rule off says why beside the line.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
    .strictMemorySafety(),  // SE-0458
    .treatAllWarnings(as: .error),  // SE-0480
]

/// The benchmarks need swift-protobuf as the variant to compare with; nobody else pays for building it.
let withBenchmarks = Context.environment["TOKENSCALE_BENCHMARKS"] == "1"

func nio(_ product: String) -> Target.Dependency { .product(name: product, package: "swift-nio") }
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTP2: Target.Dependency = .product(name: "NIOHTTP2", package: "swift-nio-http2")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
    name: "tokenscale",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "tokenscale", targets: ["tokenscale"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        .systemLibrary(
            name: "CCurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]
        ),
        .systemLibrary(
            name: "CProtobufC",
            pkgConfig: "libprotobuf-c",
            providers: [.apt(["libprotobuf-c-dev"]), .brew(["protobuf-c"])]
        ),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "COTLP", dependencies: ["CProtobufC"], exclude: ["proto"]),
        .target(name: "TokenscaleCore", swiftSettings: strict),
        .target(name: "Gzip", dependencies: ["CZlib"], swiftSettings: strict),
        .target(name: "OTLP", dependencies: ["COTLP", "TokenscaleCore"], swiftSettings: strict),
        .target(name: "CurlHTTP", dependencies: ["CCurl"], swiftSettings: strict),
        .target(
            name: "OTLPReceiver",
            dependencies: [
                "OTLP", "TokenscaleCore", "Gzip", nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"), nio("NIOTLS"),
                nioSSL, nioHTTP2, .product(name: "NIOHPACK", package: "swift-nio-http2"), logging, serviceLifecycle,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "MetricsAPI",
            dependencies: [
                "TokenscaleCore", "Gzip", nio("NIOCore"), nio("NIOPosix"), nio("NIOTLS"), nioSSL, logging, x509, asn1,
                crypto,
                serviceLifecycle,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "HummingbirdHTTP2", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Alerting",
            dependencies: [
                "TokenscaleCore", "CurlHTTP", logging, crypto, serviceLifecycle,
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Kubernetes",
            dependencies: ["TokenscaleCore", "CurlHTTP", logging, serviceLifecycle],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "tokenscale",
            dependencies: [
                "Alerting", "CurlHTTP", "Gzip", "Kubernetes", "MetricsAPI", "OTLP", "OTLPReceiver", "TokenscaleCore",
                logging, serviceLifecycle, nio("NIOCore"), nio("NIOPosix"), .product(name: "Yams", package: "Yams"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .target(name: "CMallocCounter", path: "Tests/CMallocCounter"),
        // What several test targets share; no product holds it.
        .target(
            name: "TestSupport",
            dependencies: [x509, asn1, crypto],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        .testTarget(name: "TidyTests"),
        .testTarget(
            name: "TokenscaleCoreTests",
            dependencies: ["TokenscaleCore", "CMallocCounter"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "OTLPTests",
            dependencies: ["OTLP", "TokenscaleCore", "Gzip", "CMallocCounter"],
            exclude: ["Resources"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "OTLPReceiverTests",
            dependencies: [
                "OTLPReceiver", "OTLP", "TokenscaleCore", "Gzip", "CurlHTTP", "TestSupport", nio("NIOCore"),
                nio("NIOPosix"), .product(name: "NIOHPACK", package: "swift-nio-http2"), logging, serviceLifecycle,
            ],
            exclude: ["Resources"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CurlHTTPTests",
            dependencies: ["CurlHTTP", "TestSupport"],
            exclude: ["Resources"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "MetricsAPITests",
            dependencies: [
                "MetricsAPI", "TokenscaleCore", "Gzip", "CurlHTTP", "TestSupport", x509, asn1, crypto, logging,
                serviceLifecycle,
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            exclude: ["Resources"],
            swiftSettings: strict
        ),
        // What the crash test kills hundreds of times: the evaluator and the sender in a process of their own.
        .executableTarget(
            name: "AlertingCrashSubject",
            dependencies: ["Alerting", "TokenscaleCore", logging],
            path: "Tests/AlertingCrashSubject",
            swiftSettings: strict
        ),
        .testTarget(
            name: "AlertingTests",
            dependencies: [
                "Alerting", "AlertingCrashSubject", "TokenscaleCore", "CurlHTTP", "TestSupport", logging,
                serviceLifecycle,
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["Resources"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "KubernetesTests",
            dependencies: [
                "Kubernetes", "TokenscaleCore", "CurlHTTP", "TestSupport", nio("NIOCore"), nio("NIOPosix"),
                nio("NIOHTTP1"), nioSSL, nioHTTP2, logging, serviceLifecycle,
            ],
            exclude: ["Resources"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TokenscaleTests",
            dependencies: [
                "tokenscale", "Kubernetes", "OTLP", "TokenscaleCore", "CurlHTTP", "TestSupport",
                .product(name: "Yams", package: "Yams"),
            ],
            exclude: ["Resources"],
            swiftSettings: strict
        ),
    ]
)

if withBenchmarks {
    package.dependencies.append(
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0", traits: [])
    )
    package.targets.append(
        .executableTarget(
            name: "tokenscale-benchmarks",
            dependencies: [
                "OTLP", "OTLPReceiver", "TokenscaleCore", "Gzip", "CMallocCounter", nio("NIOCore"), nio("NIOPosix"),
                nio("NIOHTTP1"), nioHTTP2, .product(name: "NIOHPACK", package: "swift-nio-http2"), logging,
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            path: "Tests/Benchmarks",
            exclude: ["proto"]
        )
    )
    package.targets.append(
        .executableTarget(
            name: "tokenscale-metrics-benchmarks",
            dependencies: [
                "MetricsAPI", "TokenscaleCore", logging,
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            path: "Tests/MetricsBenchmarks",
            swiftSettings: strict
        )
    )
    package.targets.append(
        .executableTarget(
            name: "tokenscale-detection-benchmarks",
            dependencies: ["TokenscaleCore"],
            path: "Tests/DetectionBenchmarks",
            swiftSettings: strict
        )
    )
}
