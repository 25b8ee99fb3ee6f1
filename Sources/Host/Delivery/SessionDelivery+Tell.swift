import ChannelKit
import Core
import SessionStore
import SessionStoreHost

/// What the host says itself: to the agent, and to people.
extension SessionDelivery {
    /// Tells the agent something with its next turn; at most 20 a minute, so that a hostile runner fills nothing.
    func tell(_ action: String, _ source: String, _ about: MessageID?, _ text: String) {
        guard notices.take(at: context.time.monotonic) else { return }
        let now = context.time.now
        let content = SystemContent(action: action, status: "error", about: about, text: text)
        change(
            .insert(
                NewInbound(
                    sourceID: source,
                    content: .system(content),
                    trigger: false,
                    sentAt: now,
                    receivedAt: now
                )
            )
        )
    }

    /// Says something to people on the host's own account, as lasting as a message of the agent.
    ///
    /// What is for another agent is told to an owner: an agent that is told of a fault can mend nothing, and would answer.
    func notify(_ text: String, at address: ChatAddress, as message: MessageID = .random()) {
        guard address.channel != ChatAddress.agents else {
            context.tasks.add { await self.notifyOwner(text) }
            return
        }
        let now = context.time.now
        guard let content = try? OutboundContent.chat(OutboundChat(text: text)).json() else { return }
        let delivery = Delivery(
            message: message,
            seq: 0,
            incarnation: incarnation,
            turn: .random(),
            kind: .chat,
            address: address,
            content: content,
            state: .retry,
            recordedAt: now,
            updatedAt: now
        )
        known.insert(delivery.message)
        changes.append(.delivery(delivery))
        flushSoon()
        add(LaneItem(delivery: delivery, isRecorded: true))
    }

    /// The same, said once under this id, also where an earlier host has said it; not for another agent.
    func notifyOnce(_ text: String, at address: ChatAddress, as message: MessageID) async throws {
        guard try await !handle.store.hasDelivery(of: message), !known.contains(message) else { return }
        notify(text, at: address, as: message)
    }

    private func notifyOwner(_ text: String) async {
        guard let owner = await context.ownerAddress(nil) else { return }
        notify("\(handle.agentName), for another agent: \(text)", at: owner)
    }
}

/// At most 20 notices to the agent a minute.
struct NoticeBudget: Sendable, Equatable {
    private var windowStart: Duration?
    private var count = 0

    mutating func take(at now: Duration) -> Bool {
        if windowStart.map({ now - $0 >= .seconds(60) }) ?? true {
            windowStart = now
            count = 0
        }
        count += 1
        return count <= 20
    }
}
