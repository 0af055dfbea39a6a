/// Something that the doctor has to say about one object of the cluster.
package struct Finding: Equatable, Sendable {
    package enum Severity: String, Comparable, CaseIterable, Sendable {
        /// Worth knowing, nothing to do.
        case info
        /// Works, but not as well as it could.
        case warning
        /// Could not be checked.
        case unknown
        /// Does not work.
        case error

        package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    package var severity: Severity
    /// The check that found it: `apiservice`, `rbac`, `telemetry`…
    package var check: String
    /// `Deployment demo/agents`
    package var object: String
    package var problem: String
    package var fix: String

    package init(_ severity: Severity, check: String, object: String, problem: String, fix: String) {
        self.severity = severity
        self.check = check
        self.object = object
        self.problem = problem
        self.fix = fix
    }
}

extension [Finding] {
    /// The exit code of `tokenscale doctor`: 0 in order, 1 a warning, 2 an error, 3 something could not be checked (and
    /// nothing worse was found).
    package var exitCode: Int32 {
        switch self.map(\.severity).max() {
        case nil, .info: 0
        case .warning: 1
        case .error: 2
        case .unknown: 3
        }
    }
}
