import Core
import Glibc
import Synchronization

/// The login names of people of this machine, for agents to call them by; each is asked of the machine once a minute.
final class LoginNames: Sendable {
    static let shared = LoginNames()

    private static let lifetime = Duration.seconds(60)
    private let known = Mutex<[uid_t: (name: String?, until: Duration)]>([:])

    /// The name of a person of the channel `cli`; nil when the machine knows none.
    func name(of user: UserID, at now: Duration) -> String? {
        guard let uid = uid_t(user.native) else { return nil }
        if let found = known.withLock({ $0[uid] }), now < found.until { return found.name }
        let name = Self.ask(uid)
        known.withLock { $0[uid] = (name, now + Self.lifetime) }
        return name
    }

    private static func ask(_ uid: uid_t) -> String? {
        var entry = passwd()
        var buffer = [CChar](repeating: 0, count: 4096)
        var found: UnsafeMutablePointer<passwd>?
        guard getpwuid_r(uid, &entry, &buffer, buffer.count, &found) == 0, let found, let name = found.pointee.pw_name
        else { return nil }
        return String(cString: name)
    }
}
