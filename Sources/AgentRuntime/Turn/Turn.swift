import Core
import ModelProviders
import Prompting
import SessionStore

/// A turn under way: what it has taken, said and heard.
struct Turn {
    let id: TurnID
    let configuration: AgentConfiguration
    let book: AddressBook
    let clock: ZoneClock
    let system: String
    let tools: [ToolDefinition]

    var ledger: TurnLedger
    var routing: ReplyRouting
    /// The turn's own entries of the conversation.
    var messages: [ModelMessage] = []
    var retry = RetryPolicy()
    var reminder = Reminder()
    /// Rows that have gone out in the middle of the turn.
    var sentCount = 0
    var modelCalls = 0
    var hasToldNotice = false
    /// The request that is under way; nil between two.
    var wait: ModelWait?
    var hasToldWait = false
    var hasToldUnknownNames = false
    /// True once the state row shows tools.
    var hasShownTools = false

    /// The run of a task or of a command that the turn is for.
    var run: InboundRow? { ledger.rows.first { BatchRule.isRun($0.row) }?.row }

    /// True when the turn is given nothing of the conversation.
    var isFresh: Bool { run.map(BatchRule.isFresh) ?? false }

    /// True when nobody waits for an answer: of a run that fails the host tells.
    var isUnattended: Bool { ledger.rows.allSatisfy { !$0.row.trigger || BatchRule.isTask($0.row) } }

    var prompt: Prompt { Prompt(book: book, clock: clock) }

    /// Who the turn's newest message is from, for memory.
    var provenance: String {
        guard let row = ledger.rows.map(\.row).last(where: \.trigger) else { return "unknown" }
        let place = book.name(of: row.address).map { " in \($0)" } ?? ""
        let time = clock.text(row.sentAt)
        return switch row.content {
        case .chat(let chat): "\(chat.sender ?? "Unknown")\(place), \(time)"
        case .task: "a task\(place), \(time)"
        case .webhook(let webhook): "webhook \(webhook.source), \(time)"
        case .system: "the system, \(time)"
        }
    }

    /// The row of a text for that place, a further one for each piece of a long text.
    func rows(_ text: String, to target: ReplyRouting.Target) -> [NewOutbound] {
        MessageText.pieces(text).map { piece in
            NewOutbound(
                content: .chat(OutboundChat(text: piece)),
                address: target.address,
                inReplyTo: target.inReplyTo,
                turn: id
            )
        }
    }
}

extension InboundRow {
    /// The row as the prompt shows it.
    var prompt: PromptRow {
        var shown = content
        // Its answer starts no turn: it came after a stop, and says yes to something that nobody does any more.
        if !trigger, case .system(let system) = content, system.allowedCommand != nil {
            shown = .system(
                SystemContent(
                    action: system.action,
                    status: "error",
                    about: system.about,
                    text: "It was allowed after this conversation had been stopped, and did not run."
                )
            )
        }
        return PromptRow(id: id, seq: seq, content: shown, sentAt: sentAt, address: address)
    }
}

extension AddressBook {
    /// The book of a session's destinations.
    init(_ destinations: [SessionDestination]) {
        self.init(
            destinations.map { destination in
                let address: ChatAddress =
                    switch destination.target {
                    case .chat(let address): address
                    case .agent(let id): ChatAddress(agent: id)
                    }
                return PromptDestination(
                    name: destination.name,
                    displayName: destination.displayName,
                    address: address
                )
            }
        )
    }
}
