/// The media types we know. Parameters (`; charset=utf-8`) are tolerated.
enum MediaType: Equatable {
    case protobuf
    case json
    case grpc
    case other

    init(_ contentType: String?) {
        switch contentType {
        // Exactly these come from real exporters.
        case "application/x-protobuf": self = .protobuf
        case "application/json": self = .json
        case "application/grpc": self = .grpc
        case nil: self = .other
        case let text?:
            let type = text.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
            switch type {
            case "application/x-protobuf", "application/protobuf": self = .protobuf
            case "application/json": self = .json
            case "application/grpc", "application/grpc+proto": self = .grpc
            default: self = .other
            }
        }
    }
}
