import AgentRequests
import Approvals
import CentralStore
import ControlProtocol
import Core
import GRDB

/// `nanoclaw` called inside a sandbox: reads of the agent's own are answered, changes wait for somebody's word, and what
/// stands in no list is refused by name.
///
/// The caller is the session that the row came from; nothing in the row says more.
struct CommandAction: HostAction {
    let name = "cli"
    /// Of a process of the sandbox, not of the agent: nobody is woken to hear that it is gone.
    let startsTurn = false
    let central: CentralStore
    let commands: ControlCommands
    let approvals: ApprovalService
    let people: PersonLookup

    func perform(_ request: HostActionRequest) async throws -> HostActionOutcome {
        var arguments = request.arguments
        guard let words = try arguments.texts("words", most: InsideCall.mostWords) else {
            throw HostActionRefusal("cli needs \"words\"")
        }
        try arguments.finish()
        do {
            return try await run(words, request)
        } catch let error as HostActionRefusal {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let failure = ControlFailure.describe(error)
            throw HostActionRefusal("error (\(failure.code)): \(failure.message)", result: ["exit": 1])
        }
    }

    private func run(_ words: [String], _ request: HostActionRequest) async throws -> HostActionOutcome {
        let (scope, folder) = try await central.read { [group = request.agentGroup] db in
            (try AgentGroupConfig.of(group, db).config.cliScope, try Lookup.agentGroup(group.rawValue, db).folder)
        }
        guard scope != .disabled else {
            throw ControlError(.forbidden, "nanoclaw is switched off inside this agent's sandboxes (cliScope disabled)")
        }
        let asksHelp = words.isEmpty || words == ["help"] || words.contains("--help") || words.contains("-h")
        if asksHelp { return .done(InsideText.help(isGlobal: scope == .global)) }
        let call = try InsideCall(
            words,
            caller: InsideCall.Caller(
                group: request.agentGroup,
                folder: folder,
                session: request.session.id,
                isGlobal: scope == .global
            )
        )
        var arguments = call.arguments
        if scope == .group, call.verb.reach == .sessionOfGroup {
            arguments["session"] = .string(try await session(call, request.agentGroup).rawValue)
        }
        switch call.verb.effect {
        case .read:
            let value = try await commands.run(
                call.verb.command,
                arguments,
                as: UserID(channel: "agent", native: request.agentGroup.rawValue)
            )
            return .done(call.isJSON ? try value.text() : InsideText.human(value))
        case .write: return .later(try await ask(call, request))
        }
    }

    /// A session of another agent is as unknown as one that does not exist.
    private func session(_ call: InsideCall, _ group: AgentGroupID) async throws -> SessionID {
        let name = call.arguments["session"]?.string ?? ""
        let session = try? await central.read { db in try Lookup.session(name, db) }
        guard let session, session.agentGroupID == group else {
            throw ControlError(.notFound, "your agent group has no session \"\(name.prefix(60))\"")
        }
        return session.id
    }

    private func ask(_ call: InsideCall, _ request: HostActionRequest) async throws -> String {
        let named = call.arguments["group"]?.string ?? request.agentGroup.rawValue
        // Whose admins are asked: the group that is changed, whoever asks.
        let group = try await central.read { db in try Lookup.agentGroup(named, db).id }
        let arguments = try await resolved(call, group)
        let outcome = try await approvals.request(
            ApprovalRequest(
                action: CommandApproval.kind,
                agentGroup: group,
                payload: ["command": .string(call.verb.command), "arguments": .object(arguments)],
                asker: ApprovalAsker(session: request.session.id, turn: request.turn, request: request.id),
                origin: try await request.address(),
                isWanted: { request.isWanted }
            )
        )
        switch outcome {
        case .pending(let id, _, _):
            return "approval-pending: an admin is asked (\(id)); it is carried out when they allow it"
        case .granted(let id, _): return "approval-pending: a standing grant allows it (\(id)); it is carried out now"
        }
    }
}

extension CommandAction {
    /// The arguments with ids in place of names: what a name means may change before somebody gives their word.
    private func resolved(_ call: InsideCall, _ group: AgentGroupID) async throws -> [String: JSONValue] {
        var arguments = call.arguments
        arguments["group"] = .string(group.rawValue)
        if let user = arguments["user"]?.string {
            let isGrant = call.verb.command == "members add"
            let id = isGrant ? try await people.grantee(user) : try await people.user(user)
            arguments["user"] = .string(id.description)
        }
        let (chat, agent) = (arguments["chat"]?.string, arguments["agent"]?.string)
        let ids = try await central.read { db in
            (
                try chat.map { try Lookup.messagingGroup($0, db).id.rawValue },
                try agent.map { try Lookup.agentGroup($0, db).id.rawValue }
            )
        }
        if let id = ids.0 { arguments["chat"] = .string(id) }
        if let id = ids.1 { arguments["agent"] = .string(id) }
        return arguments
    }
}

/// A change that an agent asked for with `nanoclaw` inside its sandbox.
struct CommandApproval: ApprovalAction {
    static let kind = "cli_command"
    /// Changes that reach beyond the group that is changed.
    private static let beyond: Set = ["destinations add", "destinations remove"]

    var kind: String { Self.kind }
    let commands: ControlCommands

    func check(_ plan: Plan) async throws { _ = try Self.parts(plan) }

    func title(_ plan: Plan) -> String {
        "Run nanoclaw \((try? Self.parts(plan).command) ?? "?")"
    }

    func summary(_ plan: Plan) -> String {
        guard let (command, arguments) = try? Self.parts(plan) else { return "" }
        let lines = arguments.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.string ?? "\($0.value)")" }
        return "An agent asks to run\n\((["nanoclaw \(command)"] + lines).map(PlanText.code).joined(separator: "\n"))"
    }

    func level(_ plan: Plan) -> ApproverLevel {
        guard let command = try? Self.parts(plan).command else { return .owner }
        return Self.beyond.contains(command) ? .globalAdmin : .groupAdmin
    }

    func execute(_ approved: ApprovedPlan) async throws -> String {
        let (command, arguments) = try Self.parts(approved.plan)
        do {
            let caller = approved.approver ?? UserID(channel: "agent", native: approved.plan.agentGroup?.rawValue ?? "")
            return InsideText.human(try await commands.run(command, arguments, as: caller))
        } catch {
            throw ControlFailure.describe(error)
        }
    }

    /// Only what the list of verbs calls a change, whatever stands in a stored plan.
    private static func parts(_ plan: Plan) throws -> (command: String, arguments: [String: JSONValue]) {
        guard let command = plan.payload[key: "command"]?.string,
            let arguments = plan.payload[key: "arguments"]?.object,
            InsideVerb.all.contains(where: { $0.command == command && $0.effect == .write })
        else { throw ApprovalError(.invalidPlan, "the plan is no change that nanoclaw makes for an agent") }
        return (command, arguments)
    }
}

extension ControlCommands {
    /// Runs a command of the host for somebody whose right to it has been decided.
    func run(_ command: String, _ arguments: [String: JSONValue], as caller: UserID) async throws -> JSONValue {
        let request = ControlRequest(id: "inside", command: command, arguments: arguments)
        return try await run(ControlCall(caller: caller, authority: .homeOwner, request: request) { _ in })
    }
}
