import Core
import Logging
import SessionStoreHost
import Synchronization

/// The deliveries of all sessions that have something to say.
final class DeliveryService: Sendable {
    private let context: DeliveryContext
    private let sessions = Mutex<[SessionID: SessionDelivery]>([:])

    init(_ context: DeliveryContext) { self.context = context }

    /// The session's deliveries; the same object until ``remove(_:)``.
    func session(_ handle: SessionHandle) -> SessionDelivery {
        sessions.withLock { sessions in
            if let delivery = sessions[handle.id] { return delivery }
            let delivery = SessionDelivery(handle, context)
            sessions[handle.id] = delivery
            return delivery
        }
    }

    /// Forgets a session that has nothing on its way; only its supervisor may say so.
    func remove(_ session: SessionID) { sessions.withLock { $0[session] = nil } }

    /// A chat in which an owner can be told; nil when there is none.
    func ownerAddress() async -> ChatAddress? { await context.ownerAddress(nil) }

    /// Returns once what became of a session's messages so far is written, unless that cannot be done now.
    func record(_ session: SessionID) async {
        let delivery = sessions.withLock { $0[session] }
        await delivery?.flush(givesUp: true)
    }

    /// Returns once nothing of a session is being sent or written; at once for one that has nothing on its way.
    func settle(_ session: SessionID) async {
        let delivery = sessions.withLock { $0[session] }
        await delivery?.settle()
    }

    /// Returns once nothing is being sent or written anywhere.
    func settle() async {
        let all = sessions.withLock { Array($0.values) }
        await withDiscardingTaskGroup { group in
            for delivery in all { group.addTask { await delivery.settle() } }
        }
    }
}
