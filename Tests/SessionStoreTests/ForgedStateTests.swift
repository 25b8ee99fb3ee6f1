import Core
import Glibc
import LinuxIO
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

/// What a sandbox claims about itself (numbers of sandbox.md §4.12 and §4.13).
struct ForgedStateTests {
    @Test func `SQ02 the pages of a hot journal are neither read nor rolled back by the host`() async throws {
        try await Scene.run { scene in
            _ = try scene.runner().insert(scene.reply("good"))
            let victim = try Victim("die-in-transaction", scene.folder)
            victim.kill()
            let outbound = try Directory(path: scene.folder.outbound)
            let names = ["outbound.db", "outbound.db-journal"]
            let before = try names.map { try outbound.contents($0, limit: 16 << 20) }
            #expect(before[1].isEmpty == false)
            #expect(try await scene.host.readOutbound() == .hot)
            #expect(try await scene.host.needsRecovery())
            #expect(try names.map { try outbound.contents($0, limit: 16 << 20) } == before)
        }
    }

    @Test func `AK04 tools that are to take ten years, and a later life, are set aside; rows are read`() async throws {
        let decade: Int64 = 10 * 365 * 86_400_000
        let claims = [
            ("tools = '[{\"name\":\"shell\",\"startedAt\":0,\"timeoutMs\":\(decade)}]'", "over a week"),
            ("tools = '[{\"name\":\"shell\",\"startedAt\":0,\"timeoutMs\":-1}]'", "over a week"),
            ("incarnation = 2", "the present one is 1"), ("incarnation = \(Int64.max)", "the present one is 1"),
            ("incarnation = -1", "the present one is 1"), ("updated_at = \(Int64.max)", "no time of this age"),
        ]
        for (claim, word) in claims {
            try await Scene.run { scene in
                try await scene.begin()
                _ = try scene.runner().insert(scene.reply("good"))
                try scene.tamper { try $0.execute("UPDATE runner_state SET \(claim)") }
                let snapshot = try await scene.snapshot()
                #expect(snapshot.rows.count == 1)
                #expect(snapshot.rejected.map(\.id) == ["runner_state"])
                #expect(snapshot.rejected.first?.reason.contains(word) == true, "\(claim)")
                #expect((0...1).contains(snapshot.runner.incarnation) && snapshot.runner.tools.isEmpty)
            }
        }
    }

    @Test(arguments: ["HB02 future", "HB02 past", "HB03 link", "HB03 FIFO", "HB03 directory", "HB03 huge", "HB03 none"])
    func `whatever the heartbeat is, the host reads the rows and touches nothing`(kind: String) async throws {
        try await Scene.run { scene in
            _ = try scene.runner().insert(scene.reply("good"))
            let path = scene.folder.outbound + "/.heartbeat"
            let victim = scene.folder.path + "/victim"
            try Directory(path: scene.folder.path).replace("victim", with: [1])
            unlink(path)
            switch kind {
            case "HB03 link": symlink(victim, path)
            case "HB03 FIFO": mkfifo(path, 0o600)
            case "HB03 directory": mkdir(path, 0o700)
            case "HB03 none": break
            default:
                creat(path, 0o600)
                if kind == "HB03 huge" { truncate(path, 1 << 40) }
                let time = timespec(tv_sec: kind == "HB02 future" ? 4_102_444_800 : 0, tv_nsec: 0)
                utimensat(AT_FDCWD, path, [time, time], AT_SYMLINK_NOFOLLOW)
            }
            let before = try Directory(path: scene.folder.path).status("victim").map { $0.st_mtim.tv_nsec }
            let start = ContinuousClock().now
            #expect(try await scene.snapshot().rows.count == 1)
            #expect(try await scene.host.readOutbound() != .hot)
            #expect(ContinuousClock().now - start < .seconds(10))
            #expect(try Directory(path: scene.folder.path).status("victim").map { $0.st_mtim.tv_nsec } == before)
        }
    }
}
