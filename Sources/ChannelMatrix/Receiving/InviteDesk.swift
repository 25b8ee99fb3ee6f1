import ChannelKit
import ChannelNetwork
import Core
import Logging
import Synchronization

/// Answers invitations: rooms for two are joined whoever asks, so that people can pair; other rooms when the setting says
/// `all` or the host says that whoever asks may bring the agent in.
struct InviteDesk: Sendable {
    let session: MatrixSession
    let inbox: any ChannelInbox
    let joinsAll: Bool
    private let alarm = Alarm()
    private let closed = Closed()

    /// Successors of rooms that the account was not let into: they are asked again when an invitation comes.
    ///
    /// A reference, so that copies of the desk share it.
    private final class Closed: Sendable {
        static let most = 32
        /// The oldest first.
        let rooms = Mutex<[String]>([])
    }

    init(session: MatrixSession, inbox: any ChannelInbox, joinsAll: Bool) {
        self.session = session
        self.inbox = inbox
        self.joinsAll = joinsAll
    }

    /// Keeps an invitation until it is answered: after the rooms of the same sync, which may say what it is for.
    func take(_ invite: SyncReply.Invite) async throws {
        let pending = PendingInvite(
            room: invite.room,
            inviter: invite.inviter,
            isDirect: invite.isDirect,
            succeeds: nil
        )
        try await session.insist("keeping an invitation") {
            try await session.store.keep(pending, at: session.tools.time.now)
        }
        open(invite.room)
    }

    /// The rooms of a sync are taken: invitations and successors of rooms are answered.
    func look() { alarm.raise() }

    /// Answers invitations until the task is cancelled.
    func run() async throws {
        var backoff = Backoff(floor: .seconds(2), ceiling: .seconds(300))
        while true {
            try Task.checkCancellation()
            var waiting: [PendingInvite] = []
            try await session.insist("reading invitations") { waiting = try await session.store.invites() }
            var pause: Duration?
            for invite in waiting where !closed.rooms.withLock({ $0.contains(invite.room) }) {
                // Before the try: an invitation that comes meanwhile opens it again.
                let mayWait = try await close(invite)
                do { try await answer(invite) } catch let error as MatrixError {
                    if error.code.mayPass || error.code.isStrange || error.code.isSignedOut {
                        open(invite.room)
                        if case .limited(let wait) = error.code { pause = wait }
                        pause = pause ?? backoff.failed(at: session.tools.time.monotonic)
                        // Behind those that have not been tried.
                        try await session.insist("keeping an invitation") {
                            try await session.store.keep(invite, at: session.tools.time.now)
                        }
                        continue
                    }
                    session.logger.warning(
                        "A room cannot be joined",
                        metadata: ["room": "\(invite.room)", "by": "\(invite.inviter)", "error": "\(error)"]
                    )
                    if !mayWait { try await drop(invite) }
                }
            }
            if pause == nil { backoff = Backoff(floor: .seconds(2), ceiling: .seconds(300)) }
            await alarm.wait(for: pause ?? .seconds(3_600), time: session.tools.time)
        }
    }

    /// Whoever closes a room often asks people into the next one a little later: false where that is not waited for.
    private func close(_ invite: PendingInvite) async throws -> Bool {
        guard invite.succeeds != nil else { return false }
        let tooOld = closed.rooms.withLock { rooms in
            rooms.append(invite.room)
            return rooms.count > Closed.most ? rooms.removeFirst() : nil
        }
        if let tooOld {
            try await session.insist("forgetting a successor") { try await session.store.drop(invite: tooOld) }
        }
        return true
    }

    private func open(_ room: String) { closed.rooms.withLock { $0.removeAll { $0 == room } } }

    private func answer(_ invite: PendingInvite) async throws {
        guard try await isWelcome(invite) else {
            session.logger.notice(
                "An invitation is refused",
                metadata: ["room": "\(invite.room)", "by": "\(invite.inviter)"]
            )
            try await session.client.leave(
                invite.room,
                reason: "Only people who are known here can bring me into rooms."
            )
            return try await drop(invite)
        }
        if invite.isDirect {
            // Before the join, so that the first message is already one of a chat for two.
            try await session.insist("keeping a room") {
                try await session.store.update(invite.room) { $0.isDirect = true }
            }
        }
        try await session.client.join(invite.room, via: MatrixID.server(of: invite.inviter))
        let succession = Succession(session: session, inbox: inbox)
        if invite.succeeds != nil, try await !succession.settle(invite.room), !invite.isDirect {
            // It is a room as any other.
            guard try await isWelcome(invite, isTrusted: false) else {
                try await session.client.leave(invite.room, reason: "This room does not succeed the one that named it.")
                return try await drop(invite)
            }
        }
        if invite.isDirect {
            let people = try await session.client.members(of: invite.room)
            if people.values.count(where: { $0 == "join" || $0 == "invite" }) > 2 {
                try await session.insist("keeping a room") {
                    try await session.store.update(invite.room) { $0.isShared = true }
                }
                guard try await isWelcome(invite, isTrusted: false) else {
                    try await session.client.leave(invite.room, reason: "This is no chat for two.")
                    return try await drop(invite)
                }
            } else {
                await session.addDirect(invite.room, with: invite.inviter)
            }
        }
        try await drop(invite)
    }

    /// Whether the account goes there; `isTrusted` is false where the room is not what it was said to be.
    private func isWelcome(_ invite: PendingInvite, isTrusted: Bool = true) async throws -> Bool {
        // Chats for two anybody makes, and who may close a room for another one has its trust already.
        if joinsAll || isTrusted && (invite.isDirect || invite.succeeds != nil) { return true }
        let inviter = UserID(channel: MatrixID.channel, native: invite.inviter)
        var isWelcome = false
        try await session.insist("asking who may invite") { isWelcome = try await inbox.welcomes(inviter) }
        return isWelcome
    }

    /// Forgets an invitation that is answered, unless it has become another one meanwhile.
    private func drop(_ invite: PendingInvite) async throws {
        open(invite.room)
        try await session.insist("forgetting an invitation") { try await session.store.drop(invite) }
    }
}

extension MatrixSession {
    /// Adds a room to the account data `m.direct`, where other clients of the account look; failures change nothing here.
    func addDirect(_ room: String, with user: String) async {
        do {
            var direct = SyncReply.direct(try await client.accountData("m.direct", of: me))
            guard direct[user]?.contains(room) != true else { return }
            direct[user, default: []].append(room)
            let content = JSONValue.object(direct.mapValues { .array($0.map { .string($0) }) })
            try await client.setAccountData("m.direct", of: me, to: content)
        } catch {
            logger.info("m.direct was not changed", metadata: ["error": "\(error)"])
        }
    }
}
