import Foundation
import Glibc
import TestSupport
import Testing

/// An upgrade of a host that a service manager runs; its part is played where no systemd is this machine's init.
@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(if: PlayedSystemd.isPossible))
struct UpgradeServiceTests {
    @Test(arguments: [false, true])
    func `T62 a service is stopped and started by its manager, and its unit follows the release`(
        isBroken: Bool
    ) async throws {
        try await UpgradeScene.with(user: 65_534) { scene in
            // The unit names the programs that install it: here the real ones stand in the place of the old.
            try scene.placeRealPrograms(in: scene.old)
            if isBroken {
                // Its release wants another unit, and then does not run.
                let install = #"echo '# later' >>"$XDG_CONFIG_HOME/systemd/user/nanoclaw.service"; exit 0"#
                try scene.makeRelease("new", up: "exit 1", install: install)
            } else {
                try scene.placeRealPrograms(in: scene.new)
                let file = try #require(FileHandle(forWritingAtPath: scene.new + "/nanoclaw"))
                try file.seekToEnd()
                try file.write(contentsOf: Data("new".utf8))
                try file.close()
            }
            let nanoclaw = scene.old + "/nanoclaw"
            let home = ["--home", scene.home]
            let install = [nanoclaw, "service", "install", "--user", "--no-start"] + home
            let installed = try await PlayedSystemd.run(scene, install)
            #expect(installed.status == 0, "\(installed)")
            let unit = scene.path + "/config/systemd/user/nanoclaw.service"
            let text = try String(contentsOfFile: unit, encoding: .utf8)
            #expect(text.contains("ExecStart=\(nanoclaw) up"), "\(text)")
            _ = try await PlayedSystemd.run(scene, ["/usr/bin/systemctl", "--user", "restart", "nanoclaw.service"])
            try await eventually(within: 20, "the host is ready") { try await scene.nanoclaw("status").status == 0 }
            #expect(try await scene.chat("run echo first-answer").contains("first-answer"))
            let first = try #require(scene.hostPID)
            // Without --restart: the manager does it.
            let upgrade = [nanoclaw, "upgrade", "--from", scene.new, "--timeout", "5"] + home
            let done = try await PlayedSystemd.run(scene, upgrade)
            #expect(done.status == (isBroken ? 1 : 0), "\(done)")
            let isNew = FileManager.default.contentsEqual(atPath: nanoclaw, andPath: scene.new + "/nanoclaw")
            #expect(isNew == !isBroken)
            if isBroken { #expect(done.errors.contains("the old host serves"), "\(done)") }
            #expect(try String(contentsOfFile: unit, encoding: .utf8) == text)
            #expect(try #require(scene.hostPID) != first)
            #expect(try await scene.history().contains("first-answer"))
            let calls = try String(contentsOfFile: scene.path + "/config/calls", encoding: .utf8)
            let start = "daemon-reload\nreset-failed nanoclaw.service\nrestart nanoclaw.service\n"
            #expect(calls.contains(start), "\(calls)")
            // Also the host that had failed and was about to be started once more.
            let stops = calls.split(separator: "\n").count { $0 == "stop nanoclaw.service" }
            #expect(stops == (isBroken ? 2 : 1), "\(calls)")
        }
    }
}
