import CentralStore
import Channels
import Core
import Foundation
import GRDB
import Host
import LinuxIO
import Sandbox
import SessionStore
import SessionStoreHost

/// A home with many chats, made by the host's stores while it is down.
struct Seed {
    /// Chats of one group: each of its sessions knows them all as destinations.
    static let chatsPerGroup = 10

    let home: BenchHome
    /// The chats, as `chat attach` names them.
    let chats: [String]
    /// The groups' folders.
    let groups: [String]
    /// Sessions that have their folder with both databases.
    let sessionsWithFiles: Int

    /// Makes it; with `sessions` each chat has a session at rest, evenly spread `files` of them with their files.
    static func make(
        _ options: Options,
        chats count: Int,
        chatsPerGroup: Int = Self.chatsPerGroup,
        sessions: Bool = false,
        files: Int = .max,
        configuration: String = ""
    ) async throws -> Seed {
        Bench.note("seeding \(count) chats\(sessions ? " with a session each" : "")")
        let home = try BenchHome()
        do {
            try home.configure(configuration)
            // The first start makes what every home has.
            try await withHost(options, home) { _ in }
            let groups = (0..<max(1, (count + chatsPerGroup - 1) / chatsPerGroup)).map { "group\($0)" }
            let owner = try SandboxConfiguration.serviceOwner(home: home.path)
            let folders = GroupFolder(home: home.path, owner: owner)
            for group in groups { try folders.create(group, name: group, adopt: false) }
            let chats = (0..<count).map { "bench\($0)" }
            let made = try await record(home.path, chats, groups, chatsPerGroup, sessions: sessions)
            let step = max(1, made.count / max(1, min(files, made.count)))
            let withFiles = made.enumerated().filter { $0.offset % step == 0 }.map(\.element)
            try makeFolders(home.path, withFiles, owner)
            return Seed(home: home, chats: chats, groups: groups, sessionsWithFiles: withFiles.count)
        } catch {
            home.remove()
            throw error
        }
    }

    /// The rows, all in one commit: the checks of the verbs, which read all of a group's rows for each, are left out.
    private static func record(
        _ home: String,
        _ chats: [String],
        _ groups: [String],
        _ chatsPerGroup: Int,
        sessions: Bool
    ) async throws -> [Session] {
        let lock = try HomeLock.acquire(home: home)
        let store = try CentralStore(lock: lock)
        defer {
            try? store.close()
            lock.release()
        }
        let now = SystemTime().now
        return try await store.write { db in
            var made: [Session] = []
            for (index, folder) in groups.enumerated() {
                let group = try AgentGroup.create(name: folder, folder: folder, now: now, db)
                for name in chats.dropFirst(index * chatsPerGroup).prefix(chatsPerGroup) {
                    let chat = MessagingGroup(
                        channelType: CLIChannel.name,
                        platformID: "cli:local:\(name)",
                        name: name,
                        createdAt: now
                    )
                    try chat.insert(db)
                    try Wiring(
                        agentGroupID: group.id,
                        target: .chat(chat.id),
                        engageModes: [.pattern],
                        engagePattern: ".",
                        createdAt: now
                    ).insert(db)
                    try Destination(
                        agentGroupID: group.id,
                        localName: name,
                        target: .channel(chat.id),
                        createdAt: now
                    ).insert(db)
                    guard sessions else { continue }
                    let session = Session(
                        agentGroupID: group.id,
                        mode: .shared,
                        messagingGroupID: chat.id,
                        createdAt: now
                    )
                    try session.insert(db)
                    made.append(session)
                }
            }
            return made
        }
    }

    /// Folder and both databases of each session: one made as the host does, the others copied from it.
    ///
    /// Bringing each of them to the disk, as the host must, would take minutes for thousands.
    private static func makeFolders(_ home: String, _ sessions: [Session], _ owner: FileOwner?) throws {
        guard let first = sessions.first else { return }
        let place = "\(home)/data/sessions"
        let model = "\(place)/\(first.agentGroupID)/\(first.id)"
        try HostSession.create(SessionFolder(path: model), owner: owner)
        let list = home + "/.folders"
        defer { unlink(list) }
        let paths = sessions.dropFirst().map { "\(place)/\($0.agentGroupID)/\($0.id)" }
        let parents = Set(sessions.map { "\(place)/\($0.agentGroupID)" })
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
