import CentralStore
import Core
import Foundation
import GRDB
import Glibc
import TestSupport
import Testing

@testable import Commands

/// What the doctor says of homes on which no host can start, or which have lost their keys.
struct DoctorStartTests {
    /// A home with a database, changed by the body of this.
    private static func withDatabase(
        _ change: @escaping @Sendable (Database) throws -> Void,
        _ body: (String) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { home in
            let lock = try HomeLock.acquire(home: home)
            let store = try CentralStore(lock: lock)
            try await store.write { db in try change(db) }
            try store.close()
            lock.release()
            try await body(home)
        }
    }

    @Test func `an upgrade that was interrupted is told, with the command of its own program`() async throws {
        try await withTemporaryDirectory { home in
            #expect(DoctorStart(home: home).examine().isEmpty)
            let upgrades = home + "/data/upgrades"
            try FileManager.default.createDirectory(atPath: upgrades, withIntermediateDirectories: true)
            let mark = upgrades + "/interrupted"
            try "/opt/new claw/nanoclaw".write(toFile: mark, atomically: false, encoding: .utf8)
            let found = await Doctor(home: home, asksProviders: false).examine().filter { $0.check == "upgrade" }
            #expect(found.map(\.level) == [.bad])
            #expect(found.first?.fix?.command == "'/opt/new claw/nanoclaw' upgrade --resume --home \(home)")
        }
    }

    @Test func `what a killed restore has left is told, and what stands in the way of another`() async throws {
        try await withTemporaryDirectory { home in
            func fix() -> String? {
                let found = DoctorStart(home: home).examine()
                #expect(found.allSatisfy { $0.level == .bad && $0.check == "restore" })
                return found.first?.fix?.command
            }
            let left = home + "/.nanoclaw-restore"
            mkdir(left, 0o700)
            // The next host takes it away.
            #expect(fix() == nil)
            mkdir(left + "/data", 0o700)
            let restore = ProgramName.command("backup restore FILE --home", home)
            #expect(fix() == restore)
            mkdir(home + "/groups", 0o755)
            #expect(fix() == "rm -r \(left) \(home)/groups && \(restore)")
            let number = open(left, O_RDONLY | O_DIRECTORY)
            defer { close(number) }
            #expect(flock(number, LOCK_EX | LOCK_NB) == 0)
            #expect(DoctorStart(home: home).examine().map(\.level) == [.skipped], "it is at work")
        }
    }

    @Test func `a database of a newer program is told, as the start would refuse it`() async throws {
        let ledger = "INSERT INTO schema_version (name, version, applied_at, checksum) VALUES ('later', 900, 0, '')"
        try await Self.withDatabase({ try $0.execute(sql: ledger) }) { home in
            let found = await Doctor(home: home, asksProviders: false).database()
            #expect(found.map(\.level) == [.bad], "\(found)")
            #expect(found.first?.text.contains("migration later") == true, "\(found)")
            #expect(found.first?.fix == .release(home))
        }
        try await Self.withDatabase({ _ in }) { home in
            let whole = Finding(.good, "database", "whole")
            #expect(await Doctor(home: home, asksProviders: false).database() == [whole])
        }
    }

    @Test func `of a damaged database the last backup is named, to be restored beside the home`() async throws {
        try await Self.withDatabase({ _ in }) { home in
            var configuration = Configuration()
            configuration.foreignKeysEnabled = false
            let queue = try DatabaseQueue(path: CentralStore.path(home: home), configuration: configuration)
            try await queue.write { db in
                try db.execute(sql: "INSERT INTO dirty (session_id, reason, marked_at) VALUES ('se_none', '', 0)")
            }
            try queue.close()
            let found = await Doctor(home: home, asksProviders: false).database()
            #expect(found.map(\.level) == [.bad], "\(found)")
            #expect(found.first?.fix?.command == ProgramName.command("backup restore FILE --home", home + "-restored"))
        }
    }

    @Test func `a unit that systemd has given up is told, with how it is started again`() async throws {
        try await withTemporaryDirectory { root in
            let home = root + "/home"
            for path in [home, root + "/run", root + "/run/systemd", root + "/run/systemd/system"] {
                mkdir(path, 0o755)
            }
            func look(_ state: [String: String]) -> [Finding] {
                DoctorStart(home: home, machineRoot: root) { systemd, unit in
                    #expect(!systemd.isUser)
                    return unit == ServiceUnits.host ? state : ["ActiveState": "active"]
                }
                .examine()
            }
            let failed = ["ActiveState": "failed", "Result": "start-limit-hit"]
            #expect(look(failed).isEmpty, "no service is installed")
            var files = ServiceFiles(root: root)
            for unit in ServiceUnits(home: home, binaries: "/b").system {
                try files.put(unit.text, at: "/etc/systemd/system/\(unit.name)", mode: 0o644)
            }
            #expect(look(["ActiveState": "active"]).isEmpty)
            let found = look(failed)
            #expect(found.map(\.check) == [ServiceUnits.host] && found.map(\.level) == [.bad])
            #expect(found.first?.text.contains("start-limit-hit") == true)
            #expect(found.first?.fix?.command.contains("systemctl reset-failed nanoclaw.service && ") == true)
            rmdir(root + "/run/systemd/system")
            #expect(look(failed).isEmpty, "systemd does not run")
        }
    }

    @Test func `the own service of a user is known by its unit`() async throws {
        try await withTemporaryDirectory { root in
            let folder = root + "/systemd/user"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let unit = try #require(ServiceUnits(home: "/h", binaries: "/b").user.first)
            try unit.text.write(toFile: "\(folder)/\(unit.name)", atomically: false, encoding: .utf8)
            func isServed(_ home: String, isRoot: Bool = false) -> Bool {
                DoctorSettings.isServedByUser(home: home, isRoot: isRoot, environment: ["XDG_CONFIG_HOME": root])
            }
            #expect(isServed("/h") && !isServed("/h2") && !isServed("/h", isRoot: true))
        }
    }

    @Test func `keys that a restored home has lost are told, and none that nothing needs`() async throws {
        let rows: @Sendable (Database) throws -> Void = { db in
            for (name, url) in [("far", "https://api.example.org"), ("near", "http://127.0.0.1:11434/v1")] {
                let provider = Provider(
                    name: name,
                    kind: .openai,
                    baseURL: url,
                    model: "m",
                    createdAt: Timestamp(milliseconds: 0)
                )
                try provider.insert(db)
            }
            let account = ChannelAccountRow(
                name: "bot",
                channelType: "telegram",
                account: "1",
                title: "@bot",
                settings: [:],
                createdAt: Timestamp(milliseconds: 0)
            )
            try account.create(db)
        }
        try await Self.withDatabase(rows) { home in
            func look(_ known: [String: String]? = nil) async -> [Finding] {
                await DoctorKeys(home: home, known: known).examine()
            }
            let lost = await look()
            #expect(lost.map(\.check) == ["key far", "channel bot"])
            #expect(lost.map(\.level) == [.note, .bad])
            #expect(lost.first?.fix?.command.contains("providers update far --key-file FILE") == true)
            #expect(lost.last?.fix?.command.contains("channels add telegram --name bot") == true)
            // The host may have it from its own environment.
            #expect(await look(["far": "present", "near": "none"]).map(\.check) == ["channel bot"])
            #expect(await look(["far": "none", "near": "none"]).map(\.check) == ["key far", "channel bot"])
            let folder = home + "/data/credentials"
            try FileManager.default.createDirectory(atPath: folder + "/channels", withIntermediateDirectories: true)
            for path in [folder + "/far", folder + "/channels/bot"] {
                try "x".write(toFile: path, atomically: false, encoding: .utf8)
                chmod(path, 0o600)
            }
            chmod(folder + "/channels", 0o700)
            #expect(await look().isEmpty)
        }
    }
}
