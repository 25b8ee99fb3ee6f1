import ChannelAccounts
import ChannelKit
import Core
import LinuxIO
import Logging
import SessionStore
import SessionStoreHost

extension SessionDelivery {
    /// One attempt: check → record where the channel has no key that it knows for ever → adapter → record.
    func send(_ item: LaneItem, in key: DeliveryLane.Key) async {
        defer { sendingEnded() }
        var item = item
        guard !isDiscarded(item.delivery) else { return discard(item, in: key) }
        // What they are about may have been sent a moment ago.
        if [.edit, .reaction].contains(item.delivery.kind) { await flush() }
        let checked: CheckedRow
        let answers: OutboundMessage.Answers
        do {
            checked = try await context.check.check(item.delivery, of: handle)
            answers = try await answered(item.delivery)
        } catch {
            return await retryLater(item, in: key, "the destination could not be checked: \(error)")
        }
        switch checked {
        case .refuse(let reason):
            turns.tried(item.delivery.message, of: item.delivery.turn)
            settle(item, DeliveryPolicy.end(reason, item.delivery.mayBeThere), in: key)
        case .act(let action): await act(item, action, in: key)
        case .forward(let target, let chat): await forward(item, chat, to: target, in: key)
        case .send(let address, let body):
            crashPoint("send.checked")
            item.delivery.address = address
            await hand(item, address, body, answers, in: key)
        }
        announceTurns()
        flushIfQuiet()
    }

    private func hand(
        _ item: LaneItem,
        _ address: ChatAddress,
        _ body: OutboundMessage.Body,
        _ answers: OutboundMessage.Answers,
        in key: DeliveryLane.Key
    ) async {
        var item = item
        let hidden = context.repeatsHidden(address)
        let isThere = context.registry.adapter(for: address) != nil
        func judged(_ row: Delivery) -> DeliveryVerdict? {
            isThere ? context.policy.verdictBeforeRepeat(row, hidden: hidden, now: context.time.now) : nil
        }
        if let verdict = judged(item.delivery) { return settle(item, verdict, in: key) }
        let place = await place(for: item.delivery, address, body)
        item.delivery.tookPlace = place != nil
        item.delivery.attempts += 1
        item.delivery.nextAttempt = nil
        if hidden != nil, isThere {
            item.delivery.state = .sending
            item.delivery.updatedAt = item.delivery.openSince ?? context.time.now
            item.isRecorded = true
            change(.delivery(item.delivery))
            await flush()
            crashPoint("send.marked")
            // A disk may have let the record wait for long.
            if let verdict = judged(item.delivery) { return settle(item, verdict, in: key) }
        }
        // The host may have been told to stop while the row was checked and recorded.
        guard !isDiscarded(item.delivery) else { return discard(item, in: key) }
        // The host ends: the row is sent by the next one.
        guard !Task.isCancelled else { return }
        crashPoint("send.handing")
        context.handing(item.delivery, handle)
        let answer = await context.send(
            OutboundMessage(
                idempotencyKey: item.delivery.message.rawValue,
                address: address,
                body: body,
                partsDone: item.delivery.partsDone,
                agentName: handle.agentName,
                inReplyTo: item.delivery.inReplyTo,
                answers: answers,
                quotes: quotes(item.delivery, address),
                replaces: place,
                turn: item.delivery.turn
            )
        )
        crashPoint("send.answered")
        if case .refused(let error) = answer, error.code == .noAnswer, item.delivery.openSince == nil {
            item.delivery.openSince = item.delivery.updatedAt
        }
        let verdict = context.policy.verdict(
            answer,
            attempts: item.delivery.attempts,
            wasUnknown: item.wasUnknown,
            parts: item.delivery.partsDone,
            hiddenUntil: hidden.flatMap { hidden in item.delivery.openSince.map { $0 + hidden } },
            recordedAt: item.delivery.recordedAt,
            now: context.time.now
        )
        turns.tried(item.delivery.message, of: item.delivery.turn)
        settle(item, verdict, in: key)
    }

    /// Ends the draft of a message; the id of that which showed it, when this one takes its place.
    private func place(
        for delivery: Delivery,
        _ address: ChatAddress,
        _ body: OutboundMessage.Body
    ) async -> String? {
        var words = ""
        switch body {
        case .edit, .reaction: return nil
        case .card: break
        case .text(let text, _): words = text
        }
        return await context.drafts.place(
            for: delivery.message,
            words,
            of: delivery.turn,
            at: address,
            takesPlace: !words.isEmpty
        )
    }

    /// What this row answers, as its platform knows it.
    private func answered(_ delivery: Delivery) async throws -> OutboundMessage.Answers {
        guard let message = delivery.inReplyTo else { return .nothing }
        if let origin = handle.origin(of: message) { return origin.platformMessageID.map { .message($0) } ?? .other }
        let row = try await handle.store.inbound([message])[message]
        // In the middle of a turn the host's own words come to be what it answers last.
        if row?.isOfHost == true { return .nothing }
        return row?.platformMessageID.map { .message($0) } ?? .other
    }

    /// The platform's id of the message that this one answers, where several people write and no thread shows it.
    private func quotes(_ delivery: Delivery, _ address: ChatAddress) -> String? {
        guard let origin = delivery.inReplyTo.flatMap(handle.origin(of:)), origin.isGroup, origin.address == address,
            address.thread == nil
        else { return nil }
        return origin.platformMessageID
    }

    func settle(_ item: LaneItem, _ verdict: DeliveryVerdict, in key: DeliveryLane.Key) {
        var item = item
        item.delivery.updatedAt = context.time.now
        switch verdict {
        case .delivered(let id, let parts, let note):
            item.delivery.state = .delivered
            item.delivery.platformMessageID = id
            item.delivery.partsDone = parts
            item.delivery.error = note
            change(.delivery(item.delivery))
            context.delivered(item.delivery, handle)
            finish(item.delivery.message, in: key)
        case .retry(let at, let parts, let error):
            item.delivery.state = item.delivery.openSince == nil ? .retry : .sending
            item.delivery.updatedAt = item.delivery.openSince ?? item.delivery.updatedAt
            item.delivery.nextAttempt = at
            item.delivery.partsDone = parts
            item.delivery.error = item.wasUnknown ? DeliveryPolicy.unknownOutcome : error
            again(item, in: key)
        case .resend(let parts, let note):
            item.delivery.state = .retry
            item.delivery.openSince = nil
            item.delivery.nextAttempt = nil
            item.delivery.partsDone = parts
            item.delivery.error = note
            context.logger.warning(
                "outcome unknown: a message is sent a second time",
                metadata: ["session": "\(handle.id)", "message": "\(item.delivery.message)"]
            )
            again(item, in: key)
        case .failed(let error):
            fail(item.delivery, .failed, error)
            finish(item.delivery.message, in: key)
        case .unknown(let error):
            fail(item.delivery, .unknown, error)
            finish(item.delivery.message, in: key)
        }
    }

    func again(_ item: LaneItem, in key: DeliveryLane.Key) {
        var item = item
        item.isRecorded = true
        change(.delivery(item.delivery))
        lanes[key]?.keep(item)
        if isDiscarded(item.delivery) { return discard(item, in: key) }
        run(key)
    }

    func retryLater(_ item: LaneItem, in key: DeliveryLane.Key, _ error: String) async {
        turns.tried(item.delivery.message, of: item.delivery.turn)
        let now = context.time.now
        let verdict = context.policy.verdict(
            .refused(ChannelError(.transient, error)),
            attempts: max(1, item.delivery.attempts),
            wasUnknown: item.delivery.mayBeThere,
            parts: item.delivery.partsDone,
            recordedAt: item.delivery.recordedAt,
            now: now
        )
        settle(item, verdict, in: key)
        announceTurns()
    }

    func discard(_ item: LaneItem, in key: DeliveryLane.Key) {
        drop(item.delivery)
        finish(item.delivery.message, in: key)
    }

    func isDiscarded(_ delivery: Delivery) -> Bool {
        guard delivery.seq != 0, let stoppedThrough else { return false }
        return delivery.incarnation <= stoppedThrough
    }

    /// A row is given up: its record, one row for the agent and one notice for the owner are one commit.
    func fail(_ delivery: Delivery, _ state: DeliveryState, _ error: String) {
        guard end(delivery, state, error), delivery.kind != .system else { return }
        context.tasks.add { await self.tellOwner(delivery, error) }
    }

    /// A row is refused: its record and one row for the agent are one commit.
    func refuse(_ delivery: Delivery, _ reason: String) { _ = end(delivery, .failed, reason) }

    /// Records the end of a row and tells the agent; false for a notice of the host, which nobody wrote.
    private func end(_ delivery: Delivery, _ state: DeliveryState, _ error: String) -> Bool {
        var delivery = delivery
        delivery.state = state
        delivery.error = error
        delivery.updatedAt = context.time.now
        context.drafts.gaveUp(delivery.message)
        change(.delivery(delivery))
        context.logger.error(
            "A message could not be delivered",
            metadata: [
                "session": "\(handle.id)", "message": "\(delivery.message)", "state": "\(state.rawValue)",
                "error": "\(error)",
            ]
        )
        if let address = delivery.address { context.tasks.add { await self.context.directMessages.forget(address) } }
        // A notice of the host has nobody who wrote it.
        guard delivery.seq != 0 else { return false }
        let what = delivery.kind == .system ? "request" : "message"
        tell(
            delivery.kind == .system ? "request_refused" : "delivery_failed",
            "failed:\(delivery.message)",
            delivery.message,
            "Your \(what) \(delivery.seq) was not delivered after \(delivery.attempts) attempts: \(error)"
        )
        return true
    }

    private func tellOwner(_ delivery: Delivery, _ error: String) async {
        guard let address = await context.ownerAddress(delivery.address) else { return }
        let place = delivery.address.map { "\($0)" } ?? "nowhere"
        notify("A message of \(handle.agentName) to \(place) was not delivered: \(error)", at: address)
    }
}
