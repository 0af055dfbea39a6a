/// What decoding one request may cost. Every field is a configuration value; what breaks a limit of a request is
/// refused (``OTLPDecodeError/tooLarge(_:seen:allowed:)``), what breaks a limit of an item costs that item only,
/// which is then counted as ``RecordOutcome/limitedCount`` and reported to the sender as a partial success.
package struct DecodeLimits: Equatable, Sendable {
    /// Decode memory, in bytes per byte of the body, besides ``arenaBaseByteCount``. Real exports need 1.0 to 1.2; a
    /// body of empty messages would need 60 (and 150 to 500 MB of 4 MiB with the stock schema and allocator of
    /// protobuf-c).
    package var arenaBytesPerBodyByte = 3
    /// Decode memory that every request may use, in bytes.
    package var arenaBaseByteCount = 65_536
    /// Points, log records and spans in one request.
    package var itemCountMax = 65_536
    /// `ResourceMetrics` or `ResourceLogs` in one request.
    package var blockCountMax = 8_192
    /// Attributes of one point, record or resource.
    package var attributeCountMax = 128
    /// Bytes of the name or the value of one attribute.
    package var attributeByteCountMax = 262_144
    /// Bytes of a value that becomes a label or an identity: pod, namespace, session, model, queue.
    package var identityByteCountMax = 512
    /// Labels (`k8s.pod.label.*`) of one resource.
    package var labelCountMax = 64
    /// Nested arrays and objects of JSON, at most 64.
    package var nestingDepthMax = 32

    package init() {}
}
