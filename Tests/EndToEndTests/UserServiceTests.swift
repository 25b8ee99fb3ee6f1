import Foundation
import Glibc
import TestSupport
import Testing

/// A user's own service, whose systemd is played.
@Suite(.timeLimit(.minutes(2)), .enabled(if: PlayedSystemd.isPossible))
struct UserServiceTests {
    @Test func `installing again starts the user's host anew when unit or program is another, and only then`()
        async throws
    {
        try await UpgradeScene.with(user: 65_534) { scene in
            try scene.placeRealPrograms(in: scene.old)
            /// Installs, and answers the host that serves then.
            func install() async throws -> Int32 {
                let words = [scene.old + "/nanoclaw", "service", "install", "--user", "--home", scene.home]
                let done = try await PlayedSystemd.run(scene, words)
                #expect(done.status == 0, "\(done)")
                try await eventually(within: 20, "the host is ready") { try await scene.nanoclaw("status").status == 0 }
                return try #require(scene.hostPID)
            }
            let first = try await install()
            #expect(try await install() == first)
            // As a new build does.
            try scene.placeRealPrograms(in: scene.old)
            let second = try await install()
            #expect(second != first)
            let unit = scene.path + "/config/systemd/user/nanoclaw.service"
            let text = try String(contentsOfFile: unit, encoding: .utf8)
            try text.replacing("WatchdogSec=60", with: "WatchdogSec=600")
                .write(toFile: unit, atomically: false, encoding: .utf8)
            #expect(try await install() != second)
            #expect(try String(contentsOfFile: unit, encoding: .utf8) == text)
            // One that has failed too often, and that systemd would refuse to start, is started by an installation.
            _ = try await PlayedSystemd.run(scene, ["/usr/bin/systemctl", "--user", "stop", "nanoclaw.service"])
            try "5\n".write(toFile: scene.path + "/config/starts", atomically: false, encoding: .utf8)
            _ = try await install()
        }
    }

    @Test func `the status of a user's service that is down names the user's journal`() async throws {
        try await UpgradeScene.with(user: 65_534) { scene in
            mkdir(scene.path + "/config", 0o755)
            chown(scene.path + "/config", 65_534, 65_534)
            let down = try await PlayedSystemd.run(scene, [Release.nanoclaw.path, "service", "status", "--user"])
            #expect(down.status == 1 && down.errors.contains("journalctl --user -u nanoclaw.service"), "\(down)")
        }
    }
}
