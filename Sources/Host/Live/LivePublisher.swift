import CentralStore
import ChannelAccounts
import Core
import SessionStoreHost

/// Shows what turns do to those who look at their chats, and notes it for `messages trace`.
struct LivePublisher: Sendable {
    let hub: LiveHub
    let traces: TraceStore?
    let typing: TypingKeeper
    let drafts: DraftBoard
    let statuses: StatusBoard
    let notices: NoticeSender
    let time: any TimeSource

    /// A datagram from a runner: a claim of a sandbox, for eyes only.
    func event(_ bytes: [UInt8], of handle: SessionHandle) {
        guard let event = try? JSONText.decode(LiveEvent.self, bytes) else { return }
        note(event, of: handle)
        if case .textChunk(let destination, let text) = event.body, let address = handle.destinations[destination] {
            let place = handle.place(of: address)
            drafts.add(text, turn: event.turn, of: handle.id, as: handle.agentName, at: place)
            statuses.isSeen(event.turn, at: place)
            return hub.publish(.event(event), to: address)
        }
        switch event.body {
        case .started(let messages):
            let places = handle.turnStarted(messages)
            statuses.began(event.turn, of: handle.id, as: handle.agentName, at: places)
            if let place = places.first { typing.started(handle.id, at: place, turn: event.turn) }
        case .modelCall:
            drafts.began(event.turn)
            statuses.does(nil, in: event.turn)
        case .toolCall(_, QuestionDesk.action, _): statuses.waits(event.turn)
        case .toolCall(_, let name, _): statuses.does(name, in: event.turn)
        case .toolResult: statuses.does(nil, in: event.turn)
        default: break
        }
        for chat in handle.audience { hub.publish(.event(event), to: chat) }
        // Those who do not look on are told too; as the sandbox says so, not often.
        guard case .waiting(let reason) = event.body, handle.mayTellWait(at: time.monotonic) else { return }
        for chat in handle.audience where chat.channel != ChatAddress.agents {
            notices.send("I cannot go on just now and try again: \(reason)", to: chat, as: handle.agentName)
        }
    }

    /// A turn is over and what it said is delivered.
    func ended(_ turn: TurnLedger.Ended, of handle: SessionHandle) {
        typing.stop(handle.id, turn: turn.turn)
        drafts.end(turn.turn)
        statuses.end(turn.turn)
        announce(turn.messages, turn.outcome, turn.detail, of: handle)
        handle.forget(turn.messages)
    }

    /// A message is about to be handed to its adapter.
    func handing(_ delivery: Delivery, of handle: SessionHandle) {
        traces?.note(
            "handed",
            at: time.now,
            message: delivery.message,
            session: handle.id,
            turn: delivery.turn,
            ["in_reply_to": delivery.inReplyTo?.rawValue ?? "", "attempt": String(delivery.attempts)]
        )
    }

    /// A message is with its platform.
    func delivered(_ delivery: Delivery, of handle: SessionHandle) {
        typing.delivered(handle.id)
        drafts.delivered(delivery.message, as: delivery.platformMessageID)
        if let address = delivery.address { statuses.isSeen(delivery.turn, at: address) }
        traces?.note(
            "delivered",
            at: time.now,
            message: delivery.message,
            session: handle.id,
            turn: delivery.turn,
            [
                "to": delivery.address?.description ?? "", "platformMessageID": delivery.platformMessageID ?? "",
                "in_reply_to": delivery.inReplyTo?.rawValue ?? "",
            ]
        )
    }

    /// What these messages had asked for was stopped, by a person unless there is another reason.
    func stopped(_ messages: [MessageID], of handle: SessionHandle, _ why: String?) async {
        typing.stop(handle.id)
        announce(messages, .stopped, why, of: handle)
    }

    private func announce(
        _ messages: [MessageID],
        _ outcome: TurnOutcome,
        _ detail: String?,
        of handle: SessionHandle
    ) {
        var chats: Set<ChatAddress> = handle.origin.map { [$0.chat] } ?? []
        var platformIDs: [ChatAddress: [String]] = [:]
        for message in messages {
            guard let origin = handle.origin(of: message), let address = origin.address?.chat else { continue }
            chats.insert(address)
            if let id = origin.platformMessageID { platformIDs[address, default: []].append(id) }
        }
        for chat in chats {
            hub.publish(
                .turnEnded(
                    messages: messages,
                    platformMessageIDs: platformIDs[chat] ?? [],
                    outcome: outcome,
                    detail: detail
                ),
                to: chat
            )
        }
    }

    private func note(_ event: LiveEvent, of handle: SessionHandle) {
        guard let traces else { return }
        let now = time.now
        switch event.body {
        case .started(let messages):
            for message in messages {
                traces.note("claimed", at: now, message: message, session: handle.id, turn: event.turn)
            }
        case .waiting(let reason):
            traces.note("waiting", at: now, session: handle.id, turn: event.turn, ["why": reason])
        case .modelCall(let provider, let model):
            traces.note(
                "model_call",
                at: now,
                session: handle.id,
                turn: event.turn,
                ["provider": provider, "model": model]
            )
        case .modelResult(let input, let output, let milliseconds, let error):
            traces.note(
                "model",
                at: now,
                session: handle.id,
                turn: event.turn,
                [
                    "inputTokens": input.map(String.init) ?? "", "outputTokens": output.map(String.init) ?? "",
                    "milliseconds": String(milliseconds), "error": error ?? "",
                ]
            )
        case .toolCall(let id, let name, let arguments):
            traces.note(
                name,
                at: now,
                session: handle.id,
                turn: event.turn,
                ["call": id, "tool": name, "phase": "started", "arguments": arguments]
            )
        case .toolResult(let id, let name, let isError, let summary, let milliseconds):
            traces.note(
                name,
                at: now,
                session: handle.id,
                turn: event.turn,
                [
                    "call": id, "tool": name, "phase": "ended", "result": summary, "milliseconds": String(milliseconds),
                    "outcome": isError ? "error" : "ok",
                ]
            )
        case .textChunk, .thinking: return
        }
    }
}
