import CentralStore
import Channels
import Commands
import ControlProtocol
import Core
import Foundation
import GRDB
import Sandbox
import SessionStore
import SessionStoreHost

/// A home with many chats: the groups by the host's own verb, chats, wirings and sessions by its stores while it is down.
struct Seed {
    /// Chats of one group: each of its sessions knows them all as destinations.
    static let chatsPerGroup = 10

    let home: BenchHome
    /// The chats, as `chat attach` names them.
    let chats: [String]
    /// The groups' folders.
    let groups: [String]

    /// Makes it; with `sessions` each chat has a session at rest with its files.
    static func make(
        _ options: Options,
        chats count: Int,
        chatsPerGroup: Int = Self.chatsPerGroup,
        sessions: Bool = false,
        configuration: String = ""
    ) async throws -> Seed {
        let home = try BenchHome()
        do {
            try home.configure(configuration)
            let groups = (0..<max(1, (count + chatsPerGroup - 1) / chatsPerGroup)).map { "group\($0)" }
            try await withHost(options, home) { _ in
                try await HostClient.with(home: home.path) { client in
                    for group in groups { _ = try await client.call("groups create", ["name": .string(group)]) }
                }
            }
            let chats = (0..<count).map { "bench\($0)" }
            let made = try await record(home.path, chats, groups, chatsPerGroup, sessions: sessions)
            if sessions { try await makeFolders(home.path, made) }
            return Seed(home: home, chats: chats, groups: groups)
        } catch {
            home.remove()
            throw error
        }
    }

    private static func record(
        _ home: String,
        _ chats: [String],
        _ groups: [String],
        _ chatsPerGroup: Int,
        sessions: Bool
    ) async throws -> [(AgentGroupID, SessionID)] {
        let lock = try HomeLock.acquire(home: home)
        let store = try CentralStore(lock: lock)
        defer {
            try? store.close()
            lock.release()
        }
        let now = SystemTime().now
        var made: [(AgentGroupID, SessionID)] = []
        for (index, folder) in groups.enumerated() {
            let part = chats.dropFirst(index * chatsPerGroup).prefix(chatsPerGroup)
            made += try await store.write { db in
                guard let group = try AgentGroup.filter(sql: "folder = ?", arguments: [folder]).fetchOne(db) else {
                    throw Options.Usage("the host made no group \(folder)")
                }
                return try part.compactMap { name in
                    let chat = try MessagingGroup(
                        channelType: CLIChannel.name,
                        platformID: "cli:local:\(name)",
                        name: name,
                        createdAt: now
                    ).create(db)
                    _ = try Wiring(
                        agentGroupID: group.id,
                        target: .chat(chat.id),
                        engageModes: [.pattern],
                        engagePattern: ".",
                        createdAt: now
                    ).create(db)
                    return sessions ? (group.id, try session(of: group.id, chat.id, now, db)) : nil
                }
            }
        }
        return made
    }

    /// The row that the host makes for the first message of a chat.
    private static func session(
        of group: AgentGroupID,
        _ chat: MessagingGroupID,
        _ now: Timestamp,
        _ db: Database
    ) throws -> SessionID {
        let id = SessionID.random()
        try db.execute(
            sql: """
                INSERT INTO sessions (id, agent_group_id, mode, messaging_group_id, last_active, created_at)
                VALUES (?, ?, 'shared', ?, ?, ?)
                """,
            arguments: [id, group, chat, now, now]
        )
        return id
    }

    /// Folder and both databases of each session: one made as the host does, the others copied from it.
    ///
    /// Bringing each of them to the disk, as the host must, would take an hour for 100,000.
    private static func makeFolders(_ home: String, _ sessions: [(group: AgentGroupID, id: SessionID)]) async throws {
        guard let first = sessions.first else { return }
        let owner = try SandboxConfiguration.serviceOwner(home: home)
        let place = "\(home)/data/sessions"
        let model = "\(place)/\(first.group)/\(first.id)"
        try HostSession.create(SessionFolder(path: model), owner: owner)
        let list = home + "/.folders"
        defer { unlink(list) }
        let paths = sessions.dropFirst().map { "\(place)/\($0.group)/\($0.id)" }
        let parents = Set(sessions.map { "\(place)/\($0.group)" })
        for parent in parents {
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            chmod(parent, 0o700)
        }
        try Data(paths.joined(separator: "\n").utf8).write(to: URL(filePath: list))
        let copy = Process()
        copy.executableURL = URL(filePath: "/bin/sh")
        copy.arguments = [
            "-c", "xargs -a \"$1\" -P 2 -n 64 sh -c 'for to; do cp -a \"$0\" \"$to\"; done' \"$0\"", model, list,
        ]
        try copy.run()
        copy.waitUntilExit()
        guard copy.terminationStatus == 0 else { throw Options.Usage("the sessions' folders could not be copied") }
    }
}
