/// Who made a model request.
package enum QuerySource: UInt8, Sendable {
    case unknown
    /// The main loop: `sdk`, `repl_main_thread`, `main`.
    case main
    /// A subagent: `agent:…`, `subagent`.
    case subagent
    /// `auxiliary` and other helpers (titles, summaries).
    case auxiliary
    case compaction
}

/// A tool by the name it has in telemetry. Only names that the detector or a person needs are told apart.
package enum ToolKind: UInt8, CaseIterable, Sendable {
    case other
    case bash, bashOutput, killShell
    case read, edit, multiEdit, write, notebookEdit, glob, grep, list
    case webFetch, webSearch
    /// `ToolSearch`, `LSP` and other built-in tools that only look.
    case lookUp
    case agent, taskOutput, monitor
    case todo
    case question
    /// To another agent.
    case message
    case skill
    case mcp

    /// What alerts and the terminal view show. Never text of the sender.
    package var displayName: String {
        switch self {
        case .other: "another tool"
        case .bash: "Bash"
        case .bashOutput: "BashOutput"
        case .killShell: "KillShell"
        case .read: "Read"
        case .edit: "Edit"
        case .multiEdit: "MultiEdit"
        case .write: "Write"
        case .notebookEdit: "NotebookEdit"
        case .glob: "Glob"
        case .grep: "Grep"
        case .list: "LS"
        case .webFetch: "WebFetch"
        case .webSearch: "WebSearch"
        case .lookUp: "a look-up"
        case .agent: "Agent"
        case .taskOutput: "TaskOutput"
        case .monitor: "Monitor"
        case .todo: "TodoWrite"
        case .question: "AskUserQuestion"
        case .message: "SendMessage"
        case .skill: "Skill"
        case .mcp: "an MCP tool"
        }
    }

    /// Does a successful call change the work (a file)?
    package var isEdit: Bool {
        switch self {
        case .edit, .multiEdit, .write, .notebookEdit: true
        default: false
        }
    }
}

/// A yes/no attribute that may be missing.
package enum Truth: UInt8, Sendable {
    case unknown
    case no
    case yes
}

/// One log record of an agent, reduced to numbers and keyed hashes: no text of the sender survives decoding.
///
/// Absent numbers are -1, absent hashes 0. Attribute names are those of Claude Code 2.1.329 (see the documentation's
/// "Telemetry" page).
package struct AgentEvent: Sendable {
    package enum Kind: UInt8, Sendable {
        case other
        case userPrompt
        case apiRequest
        case assistantResponse
        case toolDecision
        case toolResult
        case apiError
        case apiRetriesExhausted
        case apiRefusal
        case compaction
        case hookExecution
        case subagentCompleted
        case permissionModeChanged
        /// `managed_settings_resolved`, `plugin_loaded`, `mcp_server_connection`…: a process starts or lives.
        case housekeeping
    }

    package enum DecisionSource: UInt8, Sendable {
        case unknown
        case config
        case hook
        case userPermanent
        case userTemporary
        case userReject
        case userAbort
    }

    package var kind: Kind = .other
    /// `event.timestamp`, else `time_unix_nano`, else `observed_time_unix_nano`.
    package var sent: SentTime = .absent
    /// The same by our clock, once the event is recorded: for the detector.
    package var time: Timestamp = .zero
    /// `event.sequence`: from 0 per process.
    package var sequence: Int64 = -1
    package var session: IdentityText = .absent
    package var model: IdentityText = .absent
    package var pod: PodAttributes = PodAttributes()
    /// `prompt.id`
    package var prompt: UInt64 = 0
    /// `request_id`: of the request itself, or of the one that asked for the tool.
    package var request: Hash128 = .absent
    /// `client_request_id`
    package var clientRequest: Hash128 = .absent
    /// `agent_id`: a subagent.
    package var agent: UInt64 = 0
    package var querySource: QuerySource = .unknown

    // api_request
    package var tokens = TokenCounts()
    package var costMicroUSD: Int64 = -1
    package var durationMilliseconds: Int64 = -1

    // user_prompt, assistant_response
    package var promptLength: Int64 = -1
    package var responseLength: Int64 = -1
    /// `delivery.mode` = `mid_turn`: the prompt went into a running turn.
    package var isMidTurn = false

    // tool_decision, tool_result
    package var tool: ToolKind = .other
    /// Keyed hash of `tool_name`: tells unknown tools apart.
    package var toolName: UInt64 = 0
    package var toolUse: UInt64 = 0
    package var success: Truth = .unknown
    package var isAccepted: Truth = .unknown
    package var decisionSource: DecisionSource = .unknown
    /// Keyed hash of `error_type`.
    package var errorType: UInt64 = 0
    /// `tool_input_size_bytes`, `tool_result_size_bytes`
    package var inputByteCount: Int64 = -1
    package var resultByteCount: Int64 = -1

    // Only with OTEL_LOG_TOOL_DETAILS=1: keyed hashes of the arguments.
    /// Of the arguments as sent (`tool_input`, else `tool_parameters`).
    package var arguments: UInt64 = 0
    /// Of the file the tool works on (`file_path`, `notebook_path`, `path`).
    package var file: UInt64 = 0
    /// Of the first word of the command.
    package var command: UInt64 = 0
    /// Of the `error` text (on `api_error` too), without digits, hexadecimal ids, paths and times.
    package var errorText: UInt64 = 0
    /// Of the `error` text as sent.
    package var errorTextAsSent: UInt64 = 0
    /// Seconds of a `sleep` in the command; -1 when there is none.
    package var sleepSeconds: Int64 = -1
    package var runsInBackground = false
    /// `git_commit_id` is there: the command made a commit.
    package var isCommit = false

    // api_error, api_retries_exhausted
    package var statusCode: Int64 = -1

    // hook_execution_complete
    package var blockingHookCount: Int64 = -1
    /// The hook that ran is a Stop or SubagentStop hook.
    package var isStopHook = false

    package init() {}
}
