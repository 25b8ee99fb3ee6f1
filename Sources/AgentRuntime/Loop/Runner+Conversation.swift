package import AgentTools
package import Core
import Prompting
import SessionStore

extension Runner: Conversation {
    package func send(text: String, files: [OutgoingFile], to destination: String?) throws -> Int64 {
        guard !text.isEmpty || !files.isEmpty else { throw ToolFailure("there is neither text nor a file to send") }
        let target = try target(named: destination)
        let id = MessageID.random()
        let limits = try open().configuration.limits
        let names = try files.map { file in
            try session.stageOutboxFile(
                message: id,
                name: file.name,
                bytes: file.bytes,
                fileLimit: limits.attachmentBytes,
                messageLimit: limits.messageAttachmentBytes
            )
        }
        return try post(OutboundChat(text: text, files: names), as: id, to: target)
    }

    package func send(card: OutboundCard, text: String, to destination: String?) throws -> Int64 {
        let target = try target(named: destination)
        return try post(OutboundChat(text: text, card: card), as: .random(), to: target)
    }

    /// The place of that name; without one the chat that the turn answers.
    private func target(named destination: String?) throws -> ReplyRouting.Target {
        let turn = try open()
        if let destination {
            guard let found = turn.routing.target(named: destination) else {
                throw ToolFailure("no destination is named \"\(destination)\". Destinations: \(turn.book.names)")
            }
            return found
        }
        guard let home = turn.routing.home else {
            throw ToolFailure("say where it goes with \"to\". Destinations: \(turn.book.names)")
        }
        return home
    }

    private func post(_ chat: OutboundChat, as id: MessageID, to target: ReplyRouting.Target) throws -> Int64 {
        try insert(
            NewOutbound(
                id: id,
                content: .chat(chat),
                address: target.address,
                inReplyTo: target.inReplyTo,
                turn: try open().id
            )
        )
    }

    package func edit(message seq: Int64, text: String) throws {
        let turn = try open()
        let message = try reference(seq)
        guard message.isOwn else { throw ToolFailure("message \(seq) is not yours: only your own can be edited") }
        _ = try insert(
            NewOutbound(
                content: .edit(OutboundEdit(seq: seq, text: text)),
                address: message.address,
                turn: turn.id
            )
        )
    }

    package func react(to seq: Int64, emoji: String) throws {
        let turn = try open()
        let message = try reference(seq)
        _ = try insert(
            NewOutbound(
                content: .reaction(OutboundReaction(seq: seq, emoji: emoji)),
                address: message.address,
                turn: turn.id
            )
        )
    }

    package func provenance() -> String { current?.provenance ?? "unknown" }

    private func reference(_ seq: Int64) throws -> MessageReference {
        guard let message = try session.messageReference(seq: seq) else {
            throw ToolFailure("there is no message \(seq) in this conversation")
        }
        guard message.address != nil else { throw ToolFailure("message \(seq) belongs to no chat") }
        return message
    }

    private func insert(_ row: NewOutbound) throws -> Int64 {
        let (_, seq) = try session.insert(row)
        current?.sentCount += 1
        ring()
        return seq
    }
}
