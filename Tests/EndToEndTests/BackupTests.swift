import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// Backups of real homes, under load and at rest, judged by Python's own tar and SQLite.
@Suite(.serialized, .timeLimit(.minutes(8)))
struct BackupTests {
    static func judge(_ words: String...) async throws -> Any {
        let script = Release.checkout.appending(path: "Tests/Judges/backup.py").path
        let done = try await run("/usr/bin/env", ["python3", script] + words)
        #expect(done.status == 0, "\(done)")
        return try JSONSerialization.jsonObject(with: Data(done.output.utf8), options: .fragmentsAllowed)
    }

    static func backup(_ words: String..., user: UInt32? = nil) async throws -> Finished {
        try await run(Release.nanoclaw.path, ["backup"] + words, user: user)
    }

    /// A directory that everybody may enter and this user write.
    static func withPlace(_ user: UInt32? = nil, _ body: (String) async throws -> Void) async throws {
        try await withTemporaryDirectory { path in
            chmod(path, 0o755)
            if let user { chown(path, user, user) }
            try await body(path)
        }
    }

    /// A home in which three chats have talked, its host down again.
    static func withTalk(
        _ body: (_ place: String, _ home: String) async throws -> Void
    ) async throws {
        try await withPlace { place in
            let home = place + "/home"
            mkdir(home, 0o755)
            try await withHost(home: home) { host in
                _ = try await host.chat("run echo hello; seq 5000 > numbers; ln -s numbers link")
                _ = try await host.chat("remember the door code is 4711")
            }
            try await body(place, home)
        }
    }

    private static func names(_ path: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? ["?"]).sorted()
    }

    // MARK: - Under load

    /// Sends to a chat without a pause until it is told to end; answers the texts that were answered.
    private static func talk(_ host: TestHost, _ chat: String, until over: Over) async throws -> [String] {
        var said: [String] = []
        while !over.isOver {
            let word = "\(chat)-\(said.count)"
            let answer = try await host.nanoclaw("chat", "--chat", chat, "-m", "run echo \(word) | tee -a log-\(chat)")
            #expect(answer.status == 0 && answer.output.contains(word), "\(answer)")
            said.append(word)
            over.add()
        }
        return said
    }

    @Test(arguments: [nil, 65_534] as [UInt32?])
    func `T73 a backup under load restores equal in every row and file, and goes on`(user: UInt32?) async throws {
        guard user == nil || getuid() == 0 else { return }
        try await Self.withPlace(user) { place in
            let home = place + "/home"
            mkdir(home, 0o755)
            if let user { chown(home, user, user) }
            let chats = ["one", "two", "three"]
            let files = (0..<3).map { "\(place)/backup-\($0)" }
            try await withHost(home: home, user: user) { host in
                #expect(try await host.nanoclaw("wirings", "create", "--group", "main", "--channel", "cli").status == 0)
                _ = try await host.chat("remember the door code is 4711")
                let over = Over()
                try await withThrowingTaskGroup(of: [String].self) { group in
                    for chat in chats { group.addTask { try await Self.talk(host, chat, until: over) } }
                    for file in files {
                        // Turns have ended since the last one.
                        let before = over.count
                        try await eventually(within: 30, "the load goes on") { over.count > before + 2 }
                        let made = try await host.nanoclaw("backup", "create", file)
                        #expect(made.status == 0, "\(made)")
                    }
                    over.end()
                    var said = 0
                    for try await words in group { said += words.count }
                    print("a load of \(said) turns")
                    #expect(said > 10)
                }
            }
            for (number, file) in files.enumerated() {
                let verified = try await Self.backup("verify", file, user: user)
                #expect(verified.status == 0 && verified.output.contains("as it was written"), "\(verified)")
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                let copy = "\(place)/copy-\(number)"
                let restored = try await Self.backup("restore", file, "--home", copy, user: user)
                #expect(restored.status == 0, "\(restored)")
                let same = try await Self.judge("same", file, copy) as? [String: Any] ?? [:]
                #expect((same["differing"] as? [String])?.isEmpty == true, "\(same)")
                #expect(same["files"] as? Int ?? 0 > 30)
                try await Self.goOn(copy, user, chats)
            }
        }
    }

    /// What was open in a restored home is answered, each message once, and every conversation knows what was said.
    private static func goOn(_ home: String, _ user: UInt32?, _ chats: [String]) async throws {
        let before = try await judge("conversations", home) as? [[String: Any]] ?? []
        #expect(before.count > 3)
        let untaken = try #require(try await judge("untaken", home) as? Int)
        try await withHost(home: home, user: user) { host in
            #expect(try await host.chat("recall door").contains("4711"))
            for chat in chats {
                let answer = try await host.nanoclaw("chat", "--chat", chat, "-m", "run echo back-\(chat)")
                #expect(answer.output.contains("back-\(chat)"), "\(answer)")
            }
            try await eventually(within: 30, "everything is answered") {
                let now = try await judge("conversations", home) as? [[String: Any]] ?? []
                return now.allSatisfy { $0["status"] as? String == "completed" }
            }
            let sessions = try await host.rows("sessions", "list")
            #expect(sessions.count >= 4)
            #expect(sessions.allSatisfy { $0["status"] as? String == "active" }, "\(sessions)")
            let doctor = try await host.nanoclaw("doctor")
            #expect(doctor.status == 0, "\(doctor)")
            if getuid() == 0, user == nil { #expect(doctor.output.isEmpty, "\(doctor)") }
        }
        let after = try await judge("conversations", home) as? [[String: Any]] ?? []
        // `recall`, one message a chat and what the copied host had yet to take came on top; nothing of before is gone,
        // unanswered or answered twice.
        #expect(after.count == before.count + untaken + 1 + chats.count)
        #expect(after.allSatisfy { $0["answers"] as? Int == 1 }, "\(after.filter { $0["answers"] as? Int != 1 })")
    }

    // MARK: - Damage

    @Test func `T73 a flipped byte in any region of a real backup fails verify`() async throws {
        try await Self.withTalk { place, home in
            #expect(try await Self.backup("create", place + "/b", "--home", home).status == 0)
            let found =
                try await Self.judge("flips", Release.nanoclaw.path, place + "/b", "200") as? [String: Any] ?? [:]
            print("flipped \(found["tried"] ?? 0) bytes in \(found["regions"] ?? [])")
            #expect(found["tried"] as? Int ?? 0 >= 200 && found["whole"] as? Int == 0, "\(found)")
            #expect(found["regions"] as? [String] == ["data", "header", "padding", "sums", "trailer"])
            #expect((found["missed"] as? [Any])?.isEmpty == true, "\(found["missed"] ?? "")")
        }
    }

    @Test func `T73 a restore takes only an empty place, and one that fails leaves nothing`() async throws {
        try await Self.withTalk { place, home in
            let file = place + "/b"
            #expect(try await Self.backup("create", file, "--home", home).status == 0)
            let taken = try await Self.backup("create", file, "--home", home)
            #expect(taken.status == 1 && taken.errors.contains("is there already"), "\(taken)")
            // Not empty.
            let sums = "cd '\(home)' && find . -type f ! -name '*.db-shm' -exec sha256sum {} + | sort"
            let before = try await run("/bin/sh", ["-c", sums])
            let full = try await Self.backup("restore", file, "--home", home)
            #expect(full.status == 1 && full.errors.contains("not empty"), "\(full)")
            let after = try await run("/bin/sh", ["-c", sums])
            #expect(before.status == 0 && before.output.contains("nanoclaw.db") && after.output == before.output)
            // Cut off.
            let bytes = try Data(contentsOf: URL(filePath: file))
            for length in [0, 100, 512, bytes.count / 2, bytes.count - 512, bytes.count - 1] {
                try bytes.prefix(length).write(to: URL(filePath: place + "/cut"))
                let failed = try await Self.backup("restore", place + "/cut", "--home", place + "/new")
                #expect(failed.status == 1 && failed.errors.contains("is damaged"), "\(length): \(failed)")
                #expect(access(place + "/new", F_OK) != 0)
            }
            let none = try await Self.backup("restore", place + "/nowhere", "--home", place + "/new")
            #expect(none.status == 1 && access(place + "/new", F_OK) != 0, "\(none)")
        }
    }

    @Test func `T73 a full disk is told and leaves no backup and no home`() async throws {
        guard getuid() == 0 else { return }
        try await Self.withTalk { place, home in
            #expect(try await Self.backup("create", place + "/b", "--home", home).status == 0)
            mkdir(place + "/small", 0o755)
            let mounted = try await run("/bin/mount", ["-t", "tmpfs", "-o", "size=200k", "none", place + "/small"])
            #expect(mounted.status == 0, "\(mounted)")
            let made = try await Self.backup("create", place + "/small/b", "--home", home)
            #expect(made.status == 1 && made.errors.contains("No space left"), "\(made)")
            #expect(Self.names(place + "/small").isEmpty)
            let restored = try await Self.backup("restore", place + "/b", "--home", place + "/small")
            #expect(restored.status == 1 && restored.errors.contains("No space left"), "\(restored)")
            #expect(Self.names(place + "/small").isEmpty)
            _ = try await run("/bin/umount", [place + "/small"])
        }
    }

    @Test func `T73 a restore that is killed leaves no home, and the next one makes it`() async throws {
        try await Self.withTalk { place, home in
            let large = try FileHandle(forWritingTo: URL(filePath: home + "/groups/main/numbers"))
            try large.truncate(atOffset: 400 << 20)
            try large.close()
            #expect(try await Self.backup("create", place + "/b", "--home", home).status == 0)
            let copy = place + "/copy"
            let killed = try Command(Release.nanoclaw, ["backup", "restore", place + "/b", "--home", copy])
            try await eventually(within: 60, "it writes") {
                access("\(copy)/.nanoclaw-restore/groups/main/numbers", F_OK) == 0
            }
            killed.signal(SIGKILL)
            #expect(await killed.finished().status == -SIGKILL)
            #expect(Self.names(copy) == [".nanoclaw-restore"])
            let up = try await run(Release.nanoclaw.path, ["up", "--home", copy])
            #expect(up.status == 78 && up.errors.contains("nanoclaw backup restore"), "\(up)")
            #expect(Self.names(copy) == [".nanoclaw-restore"])
            let again = try await Self.backup("restore", place + "/b", "--home", copy)
            #expect(again.status == 0, "\(again)")
            #expect(Self.names(copy) == ["config.yaml", "data", "groups"])
            // A kill of the backup leaves nothing at all.
            let making = try Command(Release.nanoclaw, ["backup", "create", place + "/c", "--home", home])
            try await eventually(within: 30, "it writes, without a name yet") {
                let folder = "/proc/\(making.pid)/fd"
                return Self.names(folder).contains {
                    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
                    return target?.hasPrefix(place) == true && target?.hasSuffix("(deleted)") == true
                }
            }
            making.signal(SIGKILL)
            _ = await making.finished()
            #expect(Self.names(place) == ["b", "copy", "home"])
        }
    }

    // MARK: - Beside a writer

    @Test func `T73 a backup waits for a writer's lock, and one that is never let go ends it without a file`()
        async throws
    {
        try await Self.withTalk { place, home in
            let found = try await Self.judge("locked", Release.nanoclaw.path, home, place + "/b") as? [String: Any]
            #expect(found?["status"] as? Int == 1 && found?["isThere"] as? Bool == false, "\(found ?? [:])")
            let errors = found?["errors"] as? String ?? ""
            #expect(errors.contains("inbound.db is locked by its writer"), "\(errors)")
            #expect(try await Self.backup("create", place + "/b", "--home", home).status == 0)
        }
    }

    @Test func `T73 outbound is copied before inbound: what is said meanwhile is in neither`() async throws {
        try await Self.withTalk { place, home in
            let found = try await Self.judge("order", Release.nanoclaw.path, home, place + "/b") as? [String: Any]
            #expect(found?["status"] as? Int == 0 && found?["isThere"] as? Bool == false, "\(found ?? [:])")
        }
    }

    @Test func `T73 a conversation whose database cannot be read is no backup`() async throws {
        try await Self.withTalk { place, home in
            let link = try await run(
                "/bin/sh",
                ["-c", "for db in '\(home)'/data/sessions/*/*/inbound/inbound.db; do ln $db $db.second; done"]
            )
            #expect(link.status == 0, "\(link)")
            let made = try await Self.backup("create", place + "/b", "--home", home)
            #expect(made.status == 1 && made.errors.contains("inbound.db cannot be saved"), "\(made)")
            #expect(access(place + "/b", F_OK) != 0)
        }
    }

    // MARK: - What is in it

    @Test func `T73 what is no file is told, links stay, and keys, logs and traces are left out`() async throws {
        try await Self.withTalk { place, home in
            let group = home + "/groups/main"
            mkfifo(group + "/pipe", 0o600)
            let odd = try await run(
                "/usr/bin/env",
                [
                    "python3", "-c",
                    """
                    import os, socket, sys
                    os.chdir(sys.argv[1])
                    socket.socket(socket.AF_UNIX).bind("socket")
                    open(b"no-utf8-\\xff", "w").close()
                    open("two\\nlines", "w").close()
                    os.link("numbers", "second-name")
                    os.symlink("/etc/passwd", "far")
                    os.makedirs("deep/" * 70)
                    """, group,
                ]
            )
            #expect(odd.status == 0, "\(odd)")
            mkdir(home + "/data/credentials", 0o700)
            try "sk-very-secret".write(toFile: home + "/data/credentials/claude", atomically: false, encoding: .utf8)
            let made = try await Self.backup("create", place + "/b", "--home", home)
            #expect(made.status == 1 && made.errors.contains("is whole and kept"), "\(made)")
            for word in ["pipe: a pipe", "socket: a socket", "no-utf8", "control characters", "too long", "(claude)"] {
                #expect(made.output.contains(word), "\(word): \(made.output)")
            }
            #expect(try Data(contentsOf: URL(filePath: place + "/b")).range(of: Data("sk-very-secret".utf8)) == nil)
            let listed = try await run("/bin/tar", ["-tvf", place + "/b"])
            #expect(listed.status == 0 && !listed.output.contains("data/logs"), "\(listed)")
            let restored = try await Self.backup("restore", place + "/b", "--home", place + "/copy")
            #expect(restored.status == 0, "\(restored)")
            #expect(restored.output.contains("nanoclaw providers update claude --key-file"), "\(restored)")
            let copy = place + "/copy/groups/main"
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: copy + "/link") == "numbers")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: copy + "/far") == "/etc/passwd")
            #expect(try Data(contentsOf: URL(filePath: copy + "/second-name")).count == 23_893)
            for name in ["pipe", "socket"] { #expect(access("\(copy)/\(name)", F_OK) != 0) }
            #expect(access(place + "/copy/data/logs", F_OK) != 0)
            let inside = try await Self.backup("create", home + "/groups/b", "--home", home)
            #expect(inside.status == 64, "\(inside)")
        }
    }

    @Test func `of a channel's account neither a secret nor its folder is in a backup`() async throws {
        try await Self.withPlace { place in
            let home = place + "/home"
            mkdir(home, 0o755)
            let secrets = ["bearer-of-the-door-4711", "keys-of-encrypted-chats"]
            try await withHost(home: home) { host in
                let added = try await host.nanoclaw(
                    ["channels", "add", "webhook", "--set", "name=door", "--set", "auth=bearer", "--secret", "key=-"],
                    input: secrets[0]
                )
                #expect(added.status == 0, "\(added)")
                try Data(secrets[1].utf8).write(to: URL(filePath: home + "/data/channels/webhook/keys"))
                let kept = try Data(contentsOf: URL(filePath: home + "/data/credentials/channels/webhook"))
                #expect(kept.range(of: Data(secrets[0].utf8)) != nil)
                let made = try await host.nanoclaw("backup", "create", place + "/b")
                #expect(made.status == 0, "\(made)")
            }
            let bytes = try Data(contentsOf: URL(filePath: place + "/b"))
            for secret in secrets { #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(secret)") }
            let restored = try await Self.backup("restore", place + "/b", "--home", place + "/copy")
            #expect(restored.status == 0 && restored.output.contains("nanoclaw channels remove webhook"), "\(restored)")
            #expect(!restored.output.contains("providers update"), "\(restored)")
            for folder in ["channels", "credentials/channels"] {
                #expect(access("\(place)/copy/data/\(folder)/webhook", F_OK) != 0)
            }
        }
    }

    @Test func `T73 a transaction that a dead runner left half-written is undone after the restore`() async throws {
        try await Self.withTalk { place, home in
            let made = try await Self.judge("half-written", home) as? [String: Any] ?? [:]
            #expect(made["journal"] as? Int ?? 0 > 4096, "\(made)")
            #expect(try await Self.backup("create", place + "/b", "--home", home).status == 0)
            let verified = try await Self.backup("verify", place + "/b")
            #expect(verified.status == 0 && verified.output.contains("half-written"), "\(verified)")
            let copy = place + "/copy"
            #expect(try await Self.backup("restore", place + "/b", "--home", copy).status == 0)
            try await withHost(home: copy) { host in
                #expect(try await host.chat("run echo works-again").contains("works-again"))
                let sessions = try await host.rows("sessions", "list")
                #expect(sessions.allSatisfy { $0["status"] as? String == "active" })
            }
            #expect(try await Self.judge("half-rows", copy) as? Int == 0)
        }
    }

    @Test func `T73 a home of root becomes one of another user, who may talk to its agents`() async throws {
        guard getuid() == 0 else { return }
        try await Self.withTalk { place, home in
            #expect(try await Self.backup("create", place + "/b", "--home", home).status == 0)
            // Made by root for the user, as for a service.
            let copy = place + "/copy"
            mkdir(copy, 0o750)
            chown(copy, 65_534, 65_534)
            let restored = try await Self.backup("restore", place + "/b", "--home", copy)
            #expect(restored.status == 0, "\(restored)")
            let foreign = try await run("/usr/bin/find", [copy, "!", "-uid", "65534"])
            #expect(foreign.output.isEmpty, "\(foreign)")
            try await withHost(home: copy, user: 65_534) { host in
                let recalled = try await host.chat("recall door")
                #expect(recalled.contains("4711"))
                #expect(try await host.nanoclaw("doctor").status == 0)
            }
        }
    }
}

/// Counts the turns of a load, and tells it that it is enough.
private final class Over: Sendable {
    private let flag = Mutex(false)
    private let turns = Mutex(0)

    var isOver: Bool { flag.withLock { $0 } }
    var count: Int { turns.withLock { $0 } }

    func end() { flag.withLock { $0 = true } }
    func add() { turns.withLock { $0 += 1 } }
}
