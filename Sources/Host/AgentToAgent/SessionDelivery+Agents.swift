import ChannelKit
import Core
import LinuxIO
import SessionStore
import SessionStoreHost

extension SessionDelivery {
    /// Hands a row to another agent's session.
    ///
    /// Needs no record before: a repeat is known there.
    func forward(_ item: LaneItem, _ chat: OutboundChat, to target: AgentGroupID, in key: DeliveryLane.Key) async {
        var item = item
        item.delivery.attempts += 1
        item.delivery.nextAttempt = nil
        // The host ends: the row is delivered by the next one.
        guard !Task.isCancelled else { return }
        crashPoint("agents.handing")
        context.handing(item.delivery, handle)
        let outcome = await context.agents.deliver(item.delivery, chat, to: target, from: handle)
        turns.tried(item.delivery.message, of: item.delivery.turn)
        switch outcome {
        case .delivered: settle(item, .delivered(platformMessageID: nil, parts: 1, note: nil), in: key)
        case .refused(let reason, let notices):
            refuse(item.delivery, reason)
            for notice in notices { notify(notice.text, at: notice.address) }
            finish(item.delivery.message, in: key)
        case .later(let error):
            let verdict = context.policy.verdict(
                .refused(ChannelError(.transient, error)),
                attempts: item.delivery.attempts,
                wasUnknown: false,
                parts: 0,
                recordedAt: item.delivery.recordedAt,
                now: context.time.now
            )
            settle(item, verdict, in: key)
        }
    }
}
