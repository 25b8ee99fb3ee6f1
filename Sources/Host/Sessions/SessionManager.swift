package import CentralStore
package import Core
import GRDB
import Glibc
package import LinuxIO
import Logging
import OrderedCollections
package import SessionStore
package import SessionStoreHost

/// Finds sessions by key or id, makes their folders, and keeps the stores of those in use open.
package actor SessionManager {
    /// Stores kept open though nobody uses them.
    private static let idleStores = 200
    /// Keys whose session is known without asking the central database.
    private static let knownKeys = 10_000

    private struct Weak { weak var handle: SessionHandle? }

    private let home: String
    private let central: CentralStore
    private let executors: StoreExecutors
    private let owner: FileOwner?
    private let attachmentLimits: AttachmentLimits
    private let time: any TimeSource

    /// Every open session: two handles of one would be two writers.
    private var open: [SessionID: Weak] = [:]
    /// Those used last, newest last; held so that the next message finds them open.
    private var recent: OrderedDictionary<SessionID, SessionHandle> = [:]
    private(set) var opening: [SessionID: Task<SessionHandle, any Error>] = [:]
    private var known: [SessionKey: SessionID] = [:]
    /// Those that ``delete(_:)`` has removed: no id comes twice.
    private var deleted: Set<SessionID> = []

    package init(
        home: String,
        central: CentralStore,
        executors: StoreExecutors,
        owner: FileOwner?,
        attachmentLimits: AttachmentLimits = AttachmentLimits(),
        time: any TimeSource
    ) {
        self.home = home
        self.central = central
        self.executors = executors
        self.owner = owner
        self.attachmentLimits = attachmentLimits
        self.time = time
    }

    /// The session with this key, made when there is none: record, folder, both databases.
    package func session(_ key: SessionKey) async throws -> SessionHandle {
        if let id = known[key], let handle = try await find(id), handle.status != .closed { return handle }
        let facts = try await central.findOrCreateSession(key, now: time.now)
        crashPoint("session.recorded")
        if known.count >= Self.knownKeys { known.removeAll() }
        known[key] = facts.session.id
        return try await opened(facts)
    }

    /// The id of the session with this key; nil when there is none yet.
    package func existing(_ key: SessionKey) async throws -> SessionID? {
        if let id = known[key], let handle = open[id]?.handle, handle.status != .closed { return id }
        return try await central.findSession(key)?.id
    }

    /// The session with this id; throws ``HostError`` `notFound` when there is none.
    package func session(_ id: SessionID) async throws -> SessionHandle {
        guard let handle = try await find(id) else { throw HostError(.notFound, "there is no session \(id)") }
        return handle
    }

    /// The session if it is open already.
    package func openSession(_ id: SessionID) -> SessionHandle? { open[id]?.handle }

    /// Lets go of a session that was opened for a look only.
    func letGo(_ id: SessionID) { recent[id] = nil }

    /// Removes a session that is closed, its record and its folder; who is opening it meanwhile finds that it is gone.
    package func delete(_ id: SessionID) async throws {
        guard let facts = try await central.sessionFacts(id) else { return }
        deleted.insert(id)
        do {
            try await central.write(changesRouting: false) { db in _ = try Session.deleteOne(db, key: id) }
        } catch {
            deleted.remove(id)
            throw error
        }
        _ = await opening[id]?.result
        try await removeFolder(id, of: facts.session.agentGroupID)
    }

    private func removeFolder(_ id: SessionID, of group: AgentGroupID) async throws {
        try await executors.run { [home] in
            do {
                let sessions = try Directory(path: "\(home)/data/sessions").directory(group.rawValue)
                // What was under way when the session was closed may still put a file there.
                for _ in 0..<10 {
                    do {
                        return try sessions.remove(id.rawValue, budget: 1_000_000)
                    } catch let error as Errno where error.code == ENOTEMPTY {}
                }
                try sessions.remove(id.rawValue, budget: 1_000_000)
            } catch let error as Errno where error.code == ENOENT {}
        }
    }

    /// Lets go of a session that was closed.
    package func forget(_ id: SessionID) {
        recent[id] = nil
        known = known.filter { $0.value != id }
    }

    /// Where a session's files are.
    nonisolated package func folder(_ id: SessionID, of group: AgentGroupID) -> SessionFolder {
        SessionFolder(path: "\(home)/data/sessions/\(group)/\(id)")
    }

    private func find(_ id: SessionID) async throws -> SessionHandle? {
        if let handle = open[id]?.handle {
            touch(handle)
            return handle
        }
        guard let facts = try await central.sessionFacts(id) else { return nil }
        return try await opened(facts)
    }

    func opened(_ facts: SessionFacts) async throws -> SessionHandle {
        let id = facts.session.id
        if let handle = open[id]?.handle {
            touch(handle)
            return handle
        }
        if let task = opening[id] { return try await task.value }
        let gone = HostError(.notFound, "session \(id) has been deleted")
        guard !deleted.contains(id) else { throw gone }
        let folder = folder(id, of: facts.session.agentGroupID)
        let task = Task { [executors, owner, attachmentLimits, time] in
            try await executors.run { try HostSession.create(folder, owner: owner) }
            let store = HostSession(
                folder: folder,
                owner: owner,
                executors: executors,
                time: time,
                attachmentLimits: attachmentLimits
            )
            return SessionHandle(facts, folder: folder, store: store)
        }
        opening[id] = task
        defer { opening[id] = nil }
        let made = await task.result
        // Deleted meanwhile: what was just made, whole or in part, would be a folder that belongs to nobody.
        guard try await central.sessionFacts(id) != nil else {
            if !deleted.contains(id) { try await removeFolder(id, of: facts.session.agentGroupID) }
            throw gone
        }
        let handle = try made.get()
        open[id] = Weak(handle: handle)
        touch(handle)
        return handle
    }

    private func touch(_ handle: SessionHandle) {
        recent.removeValue(forKey: handle.id)
        recent[handle.id] = handle
        if recent.count > Self.idleStores { recent.removeFirst() }
        if open.count > 2 * Self.idleStores { open = open.filter { $0.value.handle != nil } }
    }
}
