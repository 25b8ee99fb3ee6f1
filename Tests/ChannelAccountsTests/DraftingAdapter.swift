import ChannelKit
import ChatMarkdown
import Core
import Synchronization

/// A platform that can edit: it writes down what it is asked for, and does it when the test lets it.
final class DraftingAdapter: ChannelAdapter {
    let channel = "played"
    let account: String? = "1"
    let capabilities: ChannelCapabilities
    var health: ChannelHealth { ChannelHealth(state: .connected) }
    let diary = Diary()

    private struct State {
        var texts: [String: String] = [:]
        var order: [String] = []
        var keys: [String: String] = [:]
        var refusals: [ChannelError] = []
        /// The answer is lost after the work is done.
        var lostAnswers = 0
        var gate: AsyncStream<Void>?
    }
    private let state = Mutex(State())

    init(_ style: DraftStyle = .edits(every: .seconds(1))) {
        capabilities = ChannelCapabilities(
            edits: true,
            idempotencyKeys: true,
            drafts: style,
            text: TextRules(limit: 200, unit: .scalars, dialect: .markdown)
        )
    }

    /// What people see, in order.
    var seen: [String] { state.withLock { state in state.order.compactMap { state.texts[$0] } } }

    /// The next requests are refused so, one each.
    func refuse(_ errors: ChannelError...) { state.withLock { $0.refusals += errors } }

    func loseAnswer() { state.withLock { $0.lostAnswers += 1 } }

    /// Requests wait until the answered closure is called.
    func hold() -> @Sendable () -> Void {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        state.withLock { $0.gate = stream }
        return { [self] in
            state.withLock { $0.gate = nil }
            continuation.finish()
        }
    }

    /// A person takes a message away.
    func remove(_ id: String) { state.withLock { $0.texts[id] = nil } }

    func run(_ inbox: any ChannelInbox) async throws {}

    func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        let parts = OutgoingParts(message, for: capabilities)
        return try await parts.send(from: message.partsDone, time: SystemTime()) { part throws(PartFailure) in
            let (line, refusal, gate) = state.withLock { state in
                let refusal = state.refusals.isEmpty ? nil : state.refusals.removeFirst()
                return (Self.line(part), refusal, state.gate)
            }
            diary.write(refusal == nil ? line : "refused \(line)")
            if let gate { for await _ in gate {} }
            if let refusal { throw .failed(refusal) }
            let id = try take(part)
            diary.write("done \(line)")
            return id
        }
    }

    private static func line(_ part: OutgoingParts.Part) -> String {
        switch part.content {
        case .text(let text): "new: \(text.rendered)"
        case .edit(let id, let text): "\(id): \(text.rendered)"
        case .file, .reaction: "other"
        }
    }

    private func take(_ part: OutgoingParts.Part) throws(PartFailure) -> String? {
        try state.withLock { state throws(PartFailure) in
            switch part.content {
            case .text(let text):
                let id = state.keys[part.idempotencyKey] ?? "m\(state.order.count + 1)"
                if state.keys.updateValue(id, forKey: part.idempotencyKey) == nil {
                    state.texts[id] = text.rendered
                    state.order.append(id)
                }
                if state.lostAnswers > 0 {
                    state.lostAnswers -= 1
                    throw .failed(ChannelError(.transient, "no answer"))
                }
                return id
            case .edit(let id, let text):
                guard state.texts[id] != nil else { throw .failed(ChannelError(.rejected, "no such message")) }
                state.texts[id] = text.rendered
                return id
            case .file, .reaction: return nil
            }
        }
    }

    func show(_ draft: Draft) async {
        diary.write("draft \(draft.id): \(draft.text)")
        if let gate = state.withLock({ $0.gate }) { for await _ in gate {} }
        diary.write("done draft \(draft.id): \(draft.text)")
    }

    func setTyping(_ address: ChatAddress) async {}
    func openDM(_ user: UserID) async throws -> ChatAddress? { nil }
}
