/// What an attribute means to us. Names: Claude Code 2.1.329, OpenTelemetry's resource and GenAI conventions.
package enum AttributeKey: UInt8, Sendable {
    case unknown
    // Who and where.
    case namespace, podName, podUID, node, workload, workloadFallback, instance
    /// `k8s.pod.label.KEY`: known by the beginning of its name.
    case podLabel
    case session, model, queue, querySource
    // What a point counts.
    case type, genAITokenType, decision
    // Log events.
    case eventName, eventTimestamp, eventSequence, prompt, request, clientRequest, agent
    case inputTokens, outputTokens, cacheReadTokens, cacheCreationTokens, costUSD, costMicroUSD, duration
    case promptLength, responseLength, deliveryMode
    case toolName, toolUse, success, decisionSource, errorType, inputByteCount, resultByteCount
    case toolInput, toolParameters, error
    case statusCode, blockingHookCount, hookEvent
}

/// What a metric measures, before its attributes are known.
package enum MetricName: UInt8, Sendable {
    case other
    case tokenUsage, genAITokenUsage, cost, activeTime, linesOfCode, commits, pullRequests, sessionStarts, editDecision
    case queueDepth
}

/// Every name that means something, ready for lookup by fingerprint. One per process; immutable.
package final class KnownNames: Sendable {
    package let hash: KeyedHash
    let attributes: NameTable<AttributeKey>
    let metrics: NameTable<MetricName>
    let events: NameTable<AgentEvent.Kind>
    let tools: NameTable<ToolKind>

    package init(hash: KeyedHash, names: SemanticNames) {
        self.hash = hash
        let queues = names.queueNameAttributes.map { (name: $0, value: AttributeKey.queue) }
        self.attributes = NameTable(Self.attributeNames + queues, fallback: .unknown, hash: hash)
        let depths = names.queueDepthMetrics.map { (name: $0, value: MetricName.queueDepth) }
        self.metrics = NameTable(Self.metricNames + depths, fallback: .other, hash: hash)
        self.events = NameTable(Self.eventNames, fallback: .other, hash: hash)
        self.tools = NameTable(Self.toolNames, fallback: .other, hash: hash)
    }

    /// What the metric called `name` measures.
    package func metric(_ name: RawSpan) -> MetricName { self.metrics[self.hash.hash128(name)] }

    private static let metricNames: [(name: String, value: MetricName)] = [
        ("claude_code.token.usage", .tokenUsage),
        ("claude_code.cost.usage", .cost),
        ("claude_code.active_time.total", .activeTime),
        ("claude_code.lines_of_code.count", .linesOfCode),
        ("claude_code.commit.count", .commits),
        ("claude_code.pull_request.count", .pullRequests),
        ("claude_code.session.count", .sessionStarts),
        ("claude_code.code_edit_tool.decision", .editDecision),
        ("gen_ai.client.token.usage", .genAITokenUsage),
    ]

    private static let attributeNames: [(name: String, value: AttributeKey)] = [
        ("k8s.namespace.name", .namespace), ("k8s.pod.name", .podName), ("k8s.pod.uid", .podUID),
        ("k8s.node.name", .node), ("k8s.deployment.name", .workload), ("k8s.statefulset.name", .workload),
        ("k8s.daemonset.name", .workload), ("k8s.cronjob.name", .workload), ("k8s.job.name", .workloadFallback),
        ("k8s.replicaset.name", .workloadFallback), ("service.instance.id", .instance),
        ("session.id", .session), ("gen_ai.conversation.id", .session), ("model", .model),
        ("gen_ai.request.model", .model), ("gen_ai.response.model", .model), ("query_source", .querySource),
        ("type", .type), ("gen_ai.token.type", .genAITokenType), ("decision", .decision),
        ("decision_type", .decision), ("source", .decisionSource), ("decision_source", .decisionSource),
        ("event.name", .eventName), ("event.timestamp", .eventTimestamp), ("event.sequence", .eventSequence),
        ("prompt.id", .prompt), ("request_id", .request), ("client_request_id", .clientRequest), ("agent_id", .agent),
        ("input_tokens", .inputTokens), ("output_tokens", .outputTokens), ("cache_read_tokens", .cacheReadTokens),
        ("cache_creation_tokens", .cacheCreationTokens), ("cost_usd", .costUSD), ("cost_usd_micros", .costMicroUSD),
        ("duration_ms", .duration), ("total_retry_duration_ms", .duration), ("prompt_length", .promptLength),
        ("response_length", .responseLength), ("delivery.mode", .deliveryMode), ("tool_name", .toolName),
        ("tool_use_id", .toolUse), ("success", .success), ("error_type", .errorType),
        ("tool_input_size_bytes", .inputByteCount), ("tool_result_size_bytes", .resultByteCount),
        ("tool_input", .toolInput), ("tool_parameters", .toolParameters), ("error", .error),
        ("status_code", .statusCode), ("num_blocking", .blockingHookCount), ("hook_event", .hookEvent),
    ]

    /// Without the prefix `claude_code.`.
    private static let eventNames: [(name: String, value: AgentEvent.Kind)] = [
        ("user_prompt", .userPrompt), ("api_request", .apiRequest), ("assistant_response", .assistantResponse),
        ("tool_decision", .toolDecision), ("tool_result", .toolResult), ("api_error", .apiError),
        ("api_retries_exhausted", .apiRetriesExhausted), ("api_refusal", .apiRefusal), ("compaction", .compaction),
        ("hook_execution_complete", .hookExecution), ("subagent_completed", .subagentCompleted),
        ("permission_mode_changed", .permissionModeChanged), ("managed_settings_resolved", .housekeeping),
        ("plugin_loaded", .housekeeping), ("plugin_installed", .housekeeping), ("retention_sweep", .housekeeping),
        ("mcp_server_connection", .housekeeping), ("hook_registered", .housekeeping), ("auth", .housekeeping),
        ("hook_plugin_metrics", .housekeeping), ("hook_execution_start", .housekeeping),
    ]

    private static let toolNames: [(name: String, value: ToolKind)] = [
        ("Bash", .bash), ("BashOutput", .bashOutput), ("KillShell", .killShell), ("KillBash", .killShell),
        ("Read", .read), ("NotebookRead", .read), ("Edit", .edit), ("MultiEdit", .multiEdit), ("Write", .write),
        ("NotebookEdit", .notebookEdit), ("Glob", .glob), ("Grep", .grep), ("LS", .list), ("WebFetch", .webFetch),
        ("WebSearch", .webSearch), ("Agent", .agent), ("Task", .agent), ("TaskOutput", .taskOutput),
        ("AgentOutputTool", .taskOutput), ("Monitor", .monitor), ("TodoWrite", .todo), ("TodoRead", .todo),
        ("TaskCreate", .todo), ("TaskUpdate", .todo), ("TaskList", .todo), ("TaskGet", .todo),
        ("AskUserQuestion", .question), ("Skill", .skill), ("SlashCommand", .skill), ("mcp_tool", .mcp),
        ("PowerShell", .bash), ("ToolSearch", .lookUp), ("LSP", .lookUp), ("ListMcpResourcesTool", .lookUp),
        ("ReadMcpResourceTool", .lookUp), ("SendMessage", .message),
        // SWE-agent's names.
        ("edit", .edit), ("create", .write),
    ]
}
