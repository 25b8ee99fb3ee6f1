import AgentTools
import Core
import FoundationEssentials
import LinuxIO
import ModelProviders
import Prompting
import SessionStore

extension Runner {
    /// One turn, from the claim to the commit that ends it.
    ///
    /// Throws `CancellationError` when the runner ends, and ``StoreError`` when the databases cannot be used; nothing
    /// of the turn's end is written then.
    func turn(
        _ rows: [InboundRow],
        passedOver: [MessageID],
        _ configuration: AgentConfiguration,
        _ toolbox: Toolbox
    ) async throws {
        var turn = try await patiently { try begin(rows, passedOver: passedOver, configuration, toolbox) }
        current = turn
        crashPoint("turn.begun")
        live.begin(turn.id)
        live.send(.started(messages: rows.map(\.id)))
        let sent = try await patiently { try session.rowsAlreadySent(for: rows.map(\.id)) }
        guard let prompts = try await prepare(rows) else { return try await rest() }
        turn = try open()
        turn.messages = [.user(turn.prompt.text(prompts, alreadySent: sent.compactMap(Self.text)))]
        current = turn
        do {
            try await converse(toolbox)
        } catch let error as ModelError {
            try await fail(error)
        }
        try await rest()
    }

    /// What follows a turn's commit.
    private func rest() async throws {
        if current?.hasShownTools == true { try await patiently { try session.setState(phase: .idle) } }
        crashPoint("turn.rested")
    }

    private func begin(
        _ rows: [InboundRow],
        passedOver: [MessageID],
        _ configuration: AgentConfiguration,
        _ toolbox: Toolbox
    ) throws -> Turn {
        let (destinations, address) = try session.readInbound { (try session.destinations(), try session.routing()) }
        let book = AddressBook(destinations)
        if provider?.profile != configuration.provider {
            provider = (configuration.provider, settings.makeProvider(configuration.provider))
        }
        if memory?.provider != configuration.provider.name { memory = try remember(configuration.provider.name) }
        let routing = ReplyRouting(book: book, routing: address, rows: rows, earlier: seen)
        seen = routing.known
        return Turn(
            id: .random(),
            configuration: configuration,
            book: book,
            clock: ZoneClock(zone: configuration.timeZone),
            system: SystemPrompt.text(
                instructions: instructions(),
                agentName: configuration.agentName,
                book: book
            ),
            tools: toolbox.specifications(configuration.tools).map {
                ToolDefinition(name: $0.name, description: $0.description, parameters: $0.parameters)
            },
            ledger: TurnLedger(rows, passedOver: passedOver),
            routing: routing
        )
    }

    private func remember(_ provider: String) throws -> Memory {
        let continuation = try session.continuation(provider: provider)
        let (transcript, turns) = try Transcript.open(state: settings.state, continuation: continuation)
        return Memory(provider: provider, history: History(turns), transcript: transcript)
    }

    /// What the host composed; read with every turn, so that a change needs no restart.
    private func instructions() -> String {
        do {
            let directory = try Directory(path: settings.instructions)
            return String(decoding: try directory.contents("instructions.md", limit: 4 * 1024 * 1024), as: UTF8.self)
        } catch {
            RunnerLog.write("no instructions: \(error)")
            return ""
        }
    }

    private static func text(_ row: SentRow) -> String? {
        guard case .chat(let chat) = row.content else { return nil }
        return chat.files.isEmpty ? chat.text : "\(chat.text) [files: \(chat.files.joined(separator: ", "))]"
    }

    /// The turn that is under way; there is one wherever this is asked.
    func open() throws -> Turn {
        guard let current else { throw ToolFailure("no turn is under way") }
        return current
    }

    // MARK: - Question and answer

    private func converse(_ toolbox: Toolbox) async throws {
        while true {
            let answer = try await ask()
            current?.messages.append(answer.message)
            let turn = try open()
            if answer.toolCalls.isEmpty {
                if let note = try await noteForModel(answer.reply, turn) {
                    current?.messages.append(.user(note))
                    continue
                }
                return try await finish(answer, turn)
            }
            try await send(answer.reply.blocks)
            try await runTools(answer.toolCalls, toolbox)
            guard turn.modelCalls < turn.configuration.limits.modelCallsPerTurn else {
                return try await stopAtLimit()
            }
            try await joinFollowUps()
        }
    }

    /// What the model is told instead of ending the turn: that nobody would see its text, or that a name is wrong.
    private func noteForModel(_ reply: Reply, _ turn: Turn) async throws -> String? {
        guard turn.modelCalls < turn.configuration.limits.modelCallsPerTurn else { return nil }
        let unknown = reply.blocks.map(\.destination).filter { turn.routing.target(named: $0) == nil }
        if !unknown.isEmpty, !turn.hasToldUnknownNames {
            current?.hasToldUnknownNames = true
            try await send(reply.blocks)
            return Reminder.unknownNames(unknown, book: turn.book)
        }
        var reminder = turn.reminder
        let note = reminder.note(for: reply, sentSomething: turn.sentCount > 0, book: turn.book)
        current?.reminder = reminder
        return note
    }

    // MARK: - What goes out

    /// Makes the claim of every row of the turn durable: before any tool runs and any row is written.
    func claim() async throws {
        guard let turn = current, !turn.ledger.unclaimed.isEmpty else { return }
        try await patiently { try session.claim(turn.ledger.unclaimed, turn: turn.id) }
        current?.ledger.markClaimed()
        ring()
    }

    /// Sends blocks in the middle of the turn; those with unknown names are left out.
    private func send(_ blocks: [ReplyBlock]) async throws {
        try await claim()
        let turn = try open()
        for block in blocks {
            guard let target = turn.routing.target(named: block.destination) else { continue }
            for row in turn.rows(block.text, to: target) {
                try await insertPatiently(row)
                current?.sentCount += 1
            }
        }
        ring()
    }

    /// Says something to the chat that asked, in the runner's own name.
    func say(_ text: String) async throws {
        try await claim()
        let turn = try open()
        guard let home = turn.routing.home else { return }
        for row in turn.rows(text, to: home) { try await insertPatiently(row) }
        ring()
    }

    private func insertPatiently(_ row: NewOutbound) async throws {
        var row = row
        // With an id a second try finds what the first has left.
        row.id = row.id ?? .random()
        try await patiently { _ = try session.insert(row) }
    }

    /// Ends the turn well: its last rows, its acks and the continuation in one transaction.
    private func finish(_ answer: ModelAnswer, _ turn: Turn) async throws {
        var rows: [NewOutbound] = []
        for block in answer.reply.blocks {
            guard let target = turn.routing.target(named: block.destination) else { continue }
            rows += turn.rows(block.text, to: target)
        }
        if answer.reason == .refusal, rows.isEmpty, let home = turn.routing.home {
            rows = turn.rows("The model declined to answer this.", to: home)
        }
        try await commit(rows, turn.ledger.completed)
    }

    private func stopAtLimit() async throws {
        let turn = try open()
        let text = """
            I stopped after \(turn.modelCalls) steps, the most one turn may take. What was done so far stays done; \
            write to me to go on.
            """
        try await commit(turn.routing.home.map { turn.rows(text, to: $0) } ?? [], turn.ledger.completed)
    }

    /// Ends the turn badly and visibly.
    ///
    /// The conversation goes on without it: what a provider refuses once is not sent again with the next message.
    private func fail(_ error: ModelError) async throws {
        let turn = try open()
        try await claim()
        // Of a task that fails the host tells: it knows whom, and how often.
        let home = turn.isUnattended ? nil : turn.routing.home
        let rows = home.map { turn.rows("I could not answer this. \(error.message)", to: $0) } ?? []
        // What came of an allowed command is not lost with the model: it will not run again.
        try await commit(rows, turn.ledger.failed(error.message), keeps: turn.run?.kind == .system)
    }

    /// The one transaction of a turn's end.
    func commit(_ rows: [NewOutbound], _ acks: [TurnEnd.Outcome], keeps: Bool = true) async throws {
        let turn = try open()
        // A fresh turn is part of the conversation only when it has said something in it.
        let keeps = keeps && (!turn.isFresh || !rows.isEmpty || turn.sentCount > 0)
        var continuation: (provider: String, value: String?)?
        if keeps, let memory {
            let (grown, value) = try await patiently {
                var grown = memory
                let value = try grown.transcript.append(turn.id, turn.messages, history: memory.history)
                grown.history.append(turn.messages)
                return (grown, value)
            }
            self.memory = grown
            continuation = (grown.provider, value)
            crashPoint("turn.remembered")
        }
        guard try await patiently({ try session.currentIncarnation() }) <= settings.incarnation else {
            stop(.superseded)
            throw CancellationError()
        }
        let end = TurnEnd(turn: turn.id, rows: rows, acks: acks, continuation: continuation)
        try await patiently { try session.commit(end) }
        crashPoint("turn.committed")
        ring()
        crashPoint("turn.rung")
    }

    /// Does it again every second while the session is full or locked, or its disk fails: the turn's rows are claimed,
    /// and only its end or the runner's lets go of them.
    @discardableResult
    func patiently<Result>(_ body: () throws -> Result) async throws -> Result {
        var hasTold = false
        while true {
            do {
                return try body()
            } catch  where Self.mayPass(error) {
                RunnerLog.write("the turn waits: \(error)")
                if !hasTold, (error as? StoreError)?.code != .busy { live.wait("\(error)") }
                hasTold = true
                try await time.sleep(for: .seconds(1))
            }
        }
    }

    // MARK: - Tools and follow-ups

    private func runTools(_ calls: [ModelAnswer.ToolCall], _ toolbox: Toolbox) async throws {
        var parts: [ModelMessage.Part] = []
        for call in calls {
            live.send(.toolCall(id: call.id, name: call.name, arguments: call.arguments))
            let start = time.monotonic
            let result = try await run(call, toolbox)
            crashPoint("tool.ended")
            let elapsed = Int((time.monotonic - start).milliseconds)
            live.send(
                .toolResult(
                    id: call.id,
                    name: call.name,
                    isError: result.isError,
                    summary: result.text,
                    milliseconds: elapsed
                )
            )
            parts.append(.toolResult(id: call.id, text: result.text, isError: result.isError))
        }
        current?.messages.append(ModelMessage(role: .tool, parts: parts))
    }

    private func run(_ call: ModelAnswer.ToolCall, _ toolbox: Toolbox) async throws -> ToolResult {
        let configuration = try open().configuration
        let checked: Toolbox.Call
        do {
            checked = try toolbox.call(call.name, arguments: call.arguments, policy: configuration.tools)
        } catch {
            return ToolResult("Error: \(error.message)", isError: true)
        }
        let timeout = checked.timeout(configuration.limits)
        let inFlight = ToolInFlight(name: call.name, startedAt: time.now, timeoutMs: timeout.milliseconds)
        try await patiently { try session.setState(phase: .tools, tools: [inFlight]) }
        current?.hasShownTools = true
        crashPoint("tool.announced")
        let context = toolContext(configuration)
        // Off this thread: a tool waits for other processes.
        let task = Task.detached { try await checked.run(context) }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    func toolContext(_ configuration: AgentConfiguration) -> ToolContext {
        toolCallNumber += 1
        return ToolContext(
            number: toolCallNumber,
            limits: configuration.limits,
            shell: configuration.tools.shell ?? .allow
        )
    }

    /// Takes what arrived meanwhile into the turn, where the queue mode says so.
    private func joinFollowUps() async throws {
        let turn = try open()
        // What somebody says needs the conversation.
        guard !turn.isFresh else { return }
        let batch = try await patiently { try due(turn.configuration.limits) }
        let rows = BatchRule.followUps(
            batch.rows,
            mode: turn.configuration.queueMode,
            beside: turn.ledger.rows.map(\.row)
        )
        guard !rows.isEmpty else { return }
        current?.ledger.join(rows, passedOver: batch.passedOver)
        current?.routing.add(rows)
        current?.messages.append(.user(turn.prompt.text(rows.map(\.prompt))))
        live.send(.started(messages: rows.map(\.id)))
        seen = current?.routing.known ?? seen
    }

    // MARK: - /clear

    /// Forgets the conversation and says so where it was asked for, in one transaction.
    func clear(_ row: InboundRow, _ configuration: AgentConfiguration) throws {
        let name = configuration.provider.name
        let turn = TurnID.random()
        var rows: [NewOutbound] = []
        if let address = try row.address ?? session.routing() {
            let text = "Cleared: I have forgotten this conversation. What I was told to remember stays."
            rows = [
                NewOutbound(
                    content: .chat(OutboundChat(text: text)),
                    address: address,
                    inReplyTo: row.id,
                    turn: turn
                )
            ]
        }
        try session.commit(
            TurnEnd(turn: turn, rows: rows, acks: [TurnEnd.Outcome(row.id)], continuation: (name, nil))
        )
        memory = nil
        ring()
        let (fresh, _) = try Transcript.open(state: settings.state, continuation: nil)
        try fresh.removeOthers()
    }
}
