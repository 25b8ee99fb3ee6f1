import CentralStore
import Channels
package import Core
import GRDB
import Glibc
import HostConfiguration
import LinuxIO
import Sandbox

/// What a home gets the first time that a host serves it.
package enum NewHome {
    /// The records: owners, the group `main`, its chat on this machine, and the wiring between them.
    static func populate(_ home: String, _ central: CentralStore, _ folder: GroupFolder, now: Timestamp) async throws {
        let owners = owners(of: home)
        let exists = access("\(home)/groups/main", F_OK) == 0
        try folder.create("main", name: "Main", adopt: exists)
        try await central.write { db in
            for owner in owners { try UserRole.grant(.owner, to: owner, now: now, db) }
            let group = try AgentGroup.create(name: "Main", folder: "main", now: now, db)
            let chat = try MessagingGroup(
                channelType: CLIChannel.name,
                platformID: CLIChannel.mainChat,
                name: "cli",
                createdAt: now
            ).create(db)
            _ = try Wiring(
                agentGroupID: group.id,
                target: .chat(chat.id),
                engageModes: [.pattern],
                engagePattern: ".",
                createdAt: now
            ).create(db)
        }
    }

    /// The uid that owns the home, and root: who can read its files decides for it anyway.
    package static func owners(of home: String) -> [UserID] {
        var status = stat()
        let owner = stat(home, &status) == 0 ? status.st_uid : geteuid()
        return Set([owner, 0]).sorted().map { UserID(channel: CLIChannel.name, native: String($0)) }
    }

    /// The directories that the host writes to, made when they are missing.
    static func makeDirectories(_ home: String) throws {
        for path in ["data/sessions", "data/composed", "data/logs/runners", "data/media", "groups"] {
            var directory = try Directory(path: home)
            for part in path.split(separator: "/").map(String.init) {
                try directory.makeDirectory(part, mode: part == "groups" ? 0o755 : 0o700)
                directory = try directory.directory(part)
            }
        }
    }
}
