import AgentRequests
import Core
import SessionStore
import SessionStoreHost

/// Rows that ask the host for something.
extension SessionDelivery {
    /// Carries out a request; its record and its answer are one commit.
    func act(_ item: LaneItem, _ action: OutboundAction, in key: DeliveryLane.Key) async {
        // The host may have been told to stop while the row was checked.
        guard !isDiscarded(item.delivery) else { return discard(item, in: key) }
        var item = item
        if context.actions.knows(action.action), let wait = requests.take(at: context.time.monotonic) {
            return postpone(item, by: wait, in: key)
        }
        item.delivery.attempts += 1
        item.delivery.nextAttempt = nil
        let stops = handle.stops
        let result = await context.actions.perform(
            action,
            item.delivery,
            of: handle,
            within: context.policy.answerWithin,
            time: context.time
        )
        // The host ends: the next one looks at the row again.
        guard !Task.isCancelled else { return }
        let message = item.delivery.message
        turns.tried(message, of: item.delivery.turn)
        let starts = context.actions.startsTurn(action.action)
        switch result {
        case .unavailable where handle.stops != stops: return discard(item, in: key)
        case .unavailable(let error): return await retryLater(item, in: key, error)
        case .unknown(let reason):
            // Nothing was tried.
            item.delivery.attempts -= 1
            fail(item.delivery, .failed, reason)
        case .refused(let refusal):
            await answer(item, .failed, error: refusal.message, trigger: starts, since: stops) {
                SystemContent(
                    action: action.action,
                    status: "error",
                    about: message,
                    text: refusal.message,
                    result: refusal.result
                )
            }
        case .done(.done(let text, let result)):
            await answer(item, .delivered, trigger: starts, since: stops) {
                SystemContent(action: action.action, status: "ok", about: message, text: text, result: result)
            }
        case .done(.later(let text?)):
            await answer(item, .delivered, trigger: false, since: stops) {
                SystemContent(action: action.action, status: "pending", about: message, text: text)
            }
        case .done(.later(nil)): record(item.delivery, .delivered, nil)
        }
        finish(message, in: key)
    }

    /// The record and the row for the agent.
    ///
    /// Only a row that tells a turn's end of something starts a turn of its own when no tool takes it, and none does once
    /// somebody has stopped the conversation, or the turn that asked.
    private func answer(
        _ item: LaneItem,
        _ state: DeliveryState,
        error: String? = nil,
        trigger: Bool,
        since stops: Int,
        _ content: () -> SystemContent
    ) async {
        let address = await answerAddress(item.delivery)
        let now = context.time.now
        record(item.delivery, state, error)
        change(
            .insert(
                NewInbound(
                    sourceID: AnswerCourier.source(item.delivery.message),
                    content: .system(content().bounded),
                    trigger: trigger && handle.stops == stops && !isDiscarded(item.delivery),
                    sentAt: now,
                    receivedAt: now,
                    address: address
                )
            )
        )
    }

    private func record(_ delivery: Delivery, _ state: DeliveryState, _ error: String?) {
        var delivery = delivery
        delivery.state = state
        delivery.error = error
        delivery.updatedAt = context.time.now
        change(.delivery(delivery))
    }

    private func answerAddress(_ delivery: Delivery) async -> ChatAddress? {
        guard let inReplyTo = delivery.inReplyTo else { return handle.origin }
        let known = try? await handle.store.inbound([inReplyTo])[inReplyTo]
        return known?.address ?? handle.origin
    }

    private func postpone(_ item: LaneItem, by wait: Duration, in key: DeliveryLane.Key) {
        var item = item
        item.delivery.state = .retry
        item.delivery.nextAttempt = context.time.now + wait
        item.delivery.error = "\(RequestBudget.perMinute) requests a minute are carried out; this one waits"
        item.delivery.updatedAt = context.time.now
        turns.tried(item.delivery.message, of: item.delivery.turn)
        again(item, in: key)
    }
}

extension SystemContent {
    /// The same within the bounds of a row: what is too large is told to be so.
    ///
    /// A row over the bound would be refused by the store again and again, and everything behind it would wait.
    var bounded: SystemContent {
        guard let json = try? InboundContent.system(self).json(), json.utf8.count <= SessionLimits.rowContent else {
            var content = self
            content.action = String(action.prefix(200))
            content.text =
                "The answer is too long to be told: a row takes \(SessionLimits.rowContent) bytes. Status: \(status)."
            content.result = nil
            return content
        }
        return self
    }
}
