import Foundation
import JudgeSupport
import TestSupport
import Testing

/// Files that people of a platform send to a home whose disk is full.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: getuid() == 0 && Judge.isOn, "only root can mount a disk"))
struct FullDiskFileTests {
    @Test(arguments: WalkedPlatform.all)
    func `T26 a file that somebody sends while the disk is full comes whole once there is room`(
        _ platform: WalkedPlatform
    ) async throws {
        // More than what is left over in blocks that were begun.
        let text = (0..<40_000).map { "line \($0)" }.joined(separator: "\n")
        let hash = try await withTemporaryDirectory { folder in
            try text.write(toFile: "\(folder)/long.txt", atomically: true, encoding: .utf8)
            return String(try await run("/usr/bin/sha256sum", ["\(folder)/long.txt"]).output.prefix(64))
        }
        try await JudgeServer.with(platform.judge, arguments: platform.arguments) { judge in
            let people = try await platform.people(judge)
            try await SmallDisk.withHost { host in
                let walk = PlatformWalk(platform: platform, judge: judge, people: people, host: host)
                _ = try await walk.add()
                try await walk.pair()
                try await eventually("the reserve is held") { host.size("data/reserve") > 0 }
                try await SmallDisk.fill(host.home)
                try await eventually("the reserve is given up") { host.size("data/reserve") < 0 }
                try await SmallDisk.fill(host.home)

                let media = "\(host.home)/data/media"
                let before = try Self.changed(media)
                try await people.say("", in: "dm:alice", by: "alice", files: ["long.txt": text])
                try await eventually("it is fetched in vain") { try Self.changed(media) > before }

                try FileManager.default.removeItem(atPath: "\(host.home)/filler")
                try await eventually("the reserve is held again") { host.size("data/reserve") > 0 }
                // Behind the file, in whatever state the link is.
                let command = "run sha256sum /workspace/inbound/inbox/*/long.txt | cut -c1-64"
                try await people.say(command, in: "dm:alice", by: "alice")
                do {
                    try await people.waitForBot(in: "dm:alice", containing: hash, seconds: 60)
                } catch {
                    Issue.record("\(error)\n\(try await walk.story())")
                }
                let found = try await run("/usr/bin/find", ["\(host.home)/data/sessions", "-name", "long.txt"])
                #expect(found.output.split(separator: "\n").count == 1, "\(found)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: media) == [])
                try await host.checkFiles()
            }
        }
    }

    /// When a file was last made or removed in a folder.
    private static func changed(_ path: String) throws -> Date {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date)
    }
}
