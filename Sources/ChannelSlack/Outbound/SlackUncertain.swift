import Core
import Synchronization

/// Sends whose answer was lost, by the key of their part: before one is sent again, Slack is asked whether it has it.
///
/// Slack knows no idempotency keys; messages carry ours as metadata, which people do not see. It is forgotten at the end
/// of the process, and the oldest of many.
final class SlackUncertain: Sendable {
    /// What may have been done.
    enum Send: Sendable {
        /// A message posted not before this ts.
        case message(since: String)
        /// A file that is uploaded and may have been shared.
        case file(id: String)
    }

    private static let most = 256

    private let sends = Mutex<(byKey: [String: Send], order: [String])>(([:], []))

    func note(_ key: String, _ send: Send) {
        sends.withLock { sends in
            if sends.byKey.updateValue(send, forKey: key) == nil { sends.order.append(key) }
            if sends.order.count > Self.most { sends.byKey[sends.order.removeFirst()] = nil }
        }
    }

    func send(_ key: String) -> Send? { sends.withLock { $0.byKey[key] } }

    func forget(_ key: String) {
        sends.withLock { sends in
            guard sends.byKey.removeValue(forKey: key) != nil else { return }
            sends.order.removeAll { $0 == key }
        }
    }
}
