import ControlProtocol
import Core

/// Finds the replies to one message among everything that a chat shows.
struct TurnCollector: Sendable {
    /// How the turns that answered it ended.
    struct End: Sendable, Equatable {
        var replies: [ChatEntry]
        /// Why it is no success; nil for a completed turn.
        var problem: String?
    }

    private let id: String
    private var open: Int
    /// Answers of the host itself that are still to come.
    private var notices: Int
    /// The message answers a card: what the card says then is the reply.
    private var awaitsCard = false
    private var entries: [ChatEntry] = []
    private var started: [TurnID: Set<MessageID>] = [:]
    /// Why a turn waited last.
    private var waiting: String?
    private var end = End(replies: [])

    /// Waits for as many turns as agents answer the message; for a command, for the host's own answers.
    init(_ sent: ChatSent) {
        id = sent.id
        open = sent.answering
        notices = sent.answering == 0 ? sent.notices : 0
        if sent.answersCard == true {
            notices = 1
            awaitsCard = true
        }
    }

    /// Takes the next frame; the end comes with the last of the turns.
    mutating func take(_ frame: ChatFrame) -> End? {
        switch frame {
        case .attached: break
        case .entry(let entry):
            guard entry.direction == "out", entry.kind == "message" || (awaitsCard && entry.kind == "edit") else {
                return nil
            }
            if notices > 0, entry.inReplyTo == nil {
                end.replies.append(entry)
                notices -= 1
                return notices == 0 ? end : nil
            }
            entries.append(entry)
        case .live(let event):
            if case .started(let messages) = event.body { started[event.turn, default: []].formUnion(messages) }
            if case .waiting(let reason) = event.body { waiting = reason }
        case .turnEnded(let messages, let platformIDs, let outcome, let detail):
            guard open > 0, platformIDs.contains(id) else { return nil }
            collect(Set(messages))
            if outcome != "completed" {
                end.problem = detail.map { "the turn \(outcome): \($0)" } ?? "the turn \(outcome)"
            }
            open -= 1
            if open == 0 { return end }
        }
        return nil
    }

    /// What has come before the end, for who waits no longer; a notice of the host, which belongs to no turn, is the
    /// reason.
    var soFar: End {
        var end = end
        end.replies += entries.filter { $0.turn != nil }
        let notices = entries.filter { $0.turn == nil && $0.inReplyTo == nil }.map(\.text)
        if let waiting { end.problem = "the turn waits: \(waiting)" }
        if !notices.isEmpty { end.problem = notices.joined(separator: " ") }
        return end
    }

    private mutating func collect(_ messages: Set<MessageID>) {
        var turns = Set(started.filter { !$0.value.isDisjoint(with: messages) }.keys)
        for entry in entries where entry.inReplyTo.map(messages.contains) == true {
            if let turn = entry.turn { turns.insert(turn) }
        }
        let isReply = { (entry: ChatEntry) in
            entry.inReplyTo.map(messages.contains) == true || entry.turn.map(turns.contains) == true
        }
        end.replies += entries.filter(isReply)
        entries.removeAll(where: isReply)
    }
}
