import Core
import Foundation
import JudgeSupport
import TestSupport
import Testing

/// `kill -9` at every step of a platform's adapter: an event that has come and is not handed over, one that is stored and not
/// confirmed to its platform, files on their way, a press, a message that the platform has and the host has not recorded.
///
/// The platform's judge keeps what people see; a point that nothing comes to fails its test.
@Suite(
    .serialized,
    .timeLimit(.minutes(10)),
    .enabled(if: Judge.isOn && CrashDriver.isBuilt, "NANOCLAW_JUDGES=1 and a nanoclaw with fault points are needed")
)
struct ChannelCrashTests {
    /// By which way the points of a platform are come to.
    private struct Way {
        let platform: WalkedPlatform
        let points: [String]

        /// All points of the platform that no other way is for.
        init(_ platform: WalkedPlatform, besides other: Way? = nil) {
            self.platform = platform
            let left = Set(other?.points ?? [])
            points = CrashPoints.channels.filter { $0.hasPrefix("channel.\(platform.name)-") && !left.contains($0) }
        }

        init(_ platform: WalkedPlatform, only words: String...) {
            self.platform = platform
            points = words.map { "channel.\(platform.name)-\($0)" }
        }
    }

    private static let hooks = [
        Way(.telegramHook, only: "hook-taken"), Way(.slackHook, only: "hook-taken"),
    ]
    private static let keys = Way(.matrixEncrypted, only: "encrypted", "key-made", "key-shared", "keys-taken")
    private static let ways =
        [
            Way(.telegram, besides: hooks[0]), Way(.slack, besides: hooks[1]), Way(.matrix, besides: keys),
            Way(.matrixEncrypted), Way(.discord), Way(.email),
        ] + hooks

    @Test func `T05 T12 the host dies at each step of each adapter, and nothing is lost or doubled`() async throws {
        #expect(
            Set(Self.ways.flatMap(\.points)) == Set(CrashPoints.channels.filter { !$0.hasPrefix("channel.webhook-") })
        )
        // Most of a death is waiting: three ways at once.
        var waiting = Self.ways[...]
        try await withThrowingTaskGroup(of: (Way, Int).self) { group in
            for way in waiting.prefix(3) {
                group.addTask { (way, try await ChannelDeaths.run(way.platform, way.points)) }
            }
            waiting = waiting.dropFirst(3)
            while let (way, repeated) = try await group.next() {
                print("crash: \(way.points.count) points of \(way.platform.name), \(repeated) repeated and marked")
                guard let next = waiting.popFirst() else { continue }
                group.addTask { (next, try await ChannelDeaths.run(next.platform, next.points)) }
            }
        }
    }

    @Test(arguments: ["drop", "double"])
    func `the books of a platform show a host that drops a message and one that doubles one`(
        mistake: String
    ) async throws {
        try await ChannelDeaths.run(.telegram, mistake: mistake)
    }
}
