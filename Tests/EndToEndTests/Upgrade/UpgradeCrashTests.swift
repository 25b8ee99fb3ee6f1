import Foundation
import TestSupport
import Testing

/// An upgrade that is killed at each of its steps.
@Suite(
    .serialized,
    .enabled(if: FileManager.default.isExecutableFile(atPath: UpgradeScene.faulty)),
    .timeLimit(.minutes(5))
)
struct UpgradeCrashTests {
    /// Reached only on the way back.
    private static let returning = [
        "upgrade.returning", "upgrade.programs-back", "upgrade.part-back", "upgrade.state-back",
    ]
    /// Before these nothing is written down: there is nothing to resume.
    private static let first = ["upgrade.staged", "upgrade.copied", "upgrade.checked"]
    /// Behind these nothing is open any more.
    private static let last = ["upgrade.ended"]
    /// From these on the new host serves without the upgrade.
    private static let served = ["upgrade.started", "upgrade.ready"]
    private static let forward = CrashPoints.upgrade.filter { !(returning + first + last).contains($0) }
    private static let unserved = forward.filter { !served.contains($0) }

    private static func kill(_ scene: UpgradeScene, at point: String, _ arguments: String...) async throws {
        let words = ["--from", scene.new] + arguments
        let killed = try await scene.upgrade(words, dyingAt: point)
        #expect(killed.status == -9, "\(point) was not reached: \(killed)")
    }

    @Test(arguments: forward)
    func `T62 an upgrade that is killed at any step is ended by resume`(point: String) async throws {
        try await UpgradeScene.with { scene in
            try await scene.converse()
            try await scene.up()
            try await Self.kill(scene, at: point, "--restart")
            let other = try await scene.upgrade("--from", scene.new)
            #expect(other.status == 1 && other.errors.contains("--resume"), "\(other)")
            let ended = try await scene.upgrade("--resume")
            #expect(ended.status == 0, "\(point): \(ended)")
            #expect(try scene.release() == "new", "\(point)")
            #expect(try await scene.chat("read notes.txt").contains("remember the milk"), "\(point)")
            #expect(try await scene.history().contains("first-answer"), "\(point)")
            try scene.expectNothingLeft("\(point): \(ended)")
        }
    }

    @Test(arguments: unserved)
    func `T62 an upgrade that is killed at any step is taken back, byte for byte`(point: String) async throws {
        try await UpgradeScene.with { scene in
            try await scene.converse()
            let before = try await scene.tree()
            try await Self.kill(scene, at: point)
            // Nobody starts on what is neither the one nor the other.
            let marked = FileManager.default.fileExists(atPath: scene.home + "/data/upgrades/interrupted")
            if marked {
                let up = try await run(Release.nanoclaw.path, ["up", "--home", scene.home])
                #expect(up.status == 78 && up.errors.contains("upgrade --resume"), "\(point): \(up)")
            }
            #expect(marked == !["upgrade.stopping", "upgrade.stopped"].contains(point), "\(point)")
            let back = try await scene.upgrade("--back")
            #expect(back.status == 0, "\(point): \(back)")
            #expect(try scene.release() == "old", "\(point)")
            #expect(try await scene.tree() == before, "\(point)")
            try scene.expectNothingLeft("\(point): \(back)")
        }
    }

    /// Goes on when the new host has served and been told something.
    private static func tell(_ scene: UpgradeScene) async throws {
        try await eventually(within: 20, "the new host is ready") { try await scene.nanoclaw("status").status == 0 }
        _ = try await scene.chat("run echo since-then")
    }

    /// The upgrade is over, and the new host's home has what it was told.
    private static func expectKept(_ scene: UpgradeScene, _ place: Comment) async throws {
        #expect(try scene.release() == "new", place)
        try scene.expectNothingLeft(place)
        try await scene.up()
        #expect(try await scene.history().contains("since-then"), place)
    }

    @Test(arguments: served)
    func `once the new host has served, what it was told stays, whoever asks to go back`(point: String) async throws {
        try await UpgradeScene.with { scene in
            try await scene.converse()
            try await Self.kill(scene, at: point)
            try await Self.tell(scene)
            for isUp in [true, false] {
                if !isUp { try await scene.stop() }
                let refused = try await scene.upgrade("--back")
                #expect(refused.status == 1 && refused.errors.contains("--resume"), "\(point), \(isUp): \(refused)")
            }
            let ended = try await scene.upgrade("--resume")
            #expect(ended.status == 0, "\(point): \(ended)")
            try await Self.expectKept(scene, "\(point): \(ended)")
        }
    }

    @Test func `a new host that has served and does not start again ends the upgrade, and nothing is put back`()
        async throws
    {
        try await UpgradeScene.with { scene in
            try await scene.converse()
            try await Self.kill(scene, at: "upgrade.ready")
            try await Self.tell(scene)
            try await scene.stop()
            let file = scene.home + "/config.yaml"
            let settings = try String(contentsOfFile: file, encoding: .utf8)
            try (settings + "\nlater: 1\n").write(toFile: file, atomically: false, encoding: .utf8)
            let ended = try await scene.upgrade("--resume")
            #expect(ended.status == 1 && ended.errors.contains("nothing is put back"), "\(ended)")
            #expect(ended.errors.contains("upgrade.log") && ended.errors.contains("--from DIR"), "\(ended)")
            try settings.write(toFile: file, atomically: false, encoding: .utf8)
            try await Self.expectKept(scene, "\(ended)")
        }
    }

    @Test func `a new host that serves after its time is kept when nothing was put back yet`() async throws {
        try await UpgradeScene.with { scene in
            try scene.makeRelease("new", up: "sleep 4")
            try await scene.converse()
            try await Self.kill(scene, at: "upgrade.returning", "--timeout", "2")
            try await Self.tell(scene)
            let refused = try await scene.upgrade("--back")
            #expect(refused.status == 1 && refused.errors.contains("--resume"), "\(refused)")
            let ended = try await scene.upgrade("--resume")
            #expect(ended.status == 0, "\(ended)")
            try await Self.expectKept(scene, "\(ended)")
        }
    }

    @Test(.enabled(if: getuid() == 0))
    func `what root's upgrade has left half done is started on by no host of the home's user`() async throws {
        try await UpgradeScene.with(user: 65_534) { scene in
            try await scene.converse()
            try await Self.kill(scene, at: "upgrade.saved")
            let up = try await run(Release.nanoclaw.path, ["up", "--home", scene.home], user: scene.user)
            #expect(up.status == 78 && up.errors.contains("upgrade --resume"), "\(up)")
            let words = ["upgrade", "--back", "--home", scene.home, "--programs", scene.old]
            let back = try await run(Release.nanoclaw.path, words)
            #expect(back.status == 0, "\(back)")
        }
    }

    @Test(arguments: returning, ["--resume", "--back"])
    func `T62 a return that is killed at any step is ended, byte for byte`(point: String, how: String) async throws {
        try await UpgradeScene.with { scene in
            try scene.makeRelease("new", up: UpgradeTests.damage)
            try await scene.converse()
            let before = try await scene.tree()
            try await Self.kill(scene, at: point)
            let ended = try await scene.upgrade(how)
            #expect(ended.status == (how == "--back" ? 0 : 1), "\(point): \(ended)")
            #expect((ended.output + ended.errors).contains("are back"), "\(point): \(ended)")
            #expect(try scene.release() == "old", "\(point)")
            #expect(try await scene.tree() == before, "\(point)")
            try scene.expectNothingLeft("\(point): \(ended)")
        }
    }

    @Test(arguments: first + last)
    func `T62 an upgrade that is killed before it begins or after its end leaves nothing to do`(
        point: String
    )
        async throws
    {
        try await UpgradeScene.with { scene in
            try await scene.converse()
            let before = try await scene.tree()
            try await Self.kill(scene, at: point)
            let isDone = Self.last.contains(point)
            #expect(try scene.release() == (isDone ? "new" : "old"), "\(point)")
            if !isDone { #expect(try await scene.tree() == before, "\(point)") }
            let again = try await scene.upgrade("--from", scene.new)
            #expect(again.status == 0, "\(point): \(again)")
            #expect(try scene.release() == "new", "\(point)")
            try scene.expectNothingLeft("\(point): \(again)")
        }
    }
}
