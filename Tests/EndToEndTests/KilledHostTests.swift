import Glibc
import JudgeSupport
import TestSupport
import Testing

/// A real host with a platform's account, killed while people write, and what a second one on the same home makes of it.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: Judge.isOn))
struct KilledHostTests {
    @Test(arguments: WalkedPlatform.all)
    func `T05 a host that is killed loses nothing that people of a platform write`(
        _ platform: WalkedPlatform
    ) async throws {
        let names = (0..<8).map { "n5000\($0)" }
        try await JudgeServer.with(platform.judge, arguments: platform.arguments) { judge in
            let people = try await platform.people(judge)
            func write(_ names: some Collection<String>) async throws {
                for name in names { try await people.say("read \(name)", in: "dm:alice", by: "alice") }
            }
            try await withTemporaryDirectory { home in
                try await withHost(home: home) { host in
                    let walk = PlatformWalk(platform: platform, judge: judge, people: people, host: host)
                    _ = try await walk.add()
                    try await walk.pair()
                    try await write(names.prefix(4))
                    try await people.waitForBot(in: "dm:alice", containing: names[0])
                    host.process.signal(SIGKILL)
                    _ = await host.process.finished()
                }
                try await write(names.dropFirst(4))
                try await withHost(home: home) { host in
                    for name in names { try await people.waitForFinished(in: "dm:alice", containing: name) }
                    // What would be sent a second time is sent before what comes after it.
                    try await write(["n50099"])
                    try await people.waitForFinished(in: "dm:alice", containing: "n50099")
                    let walk = PlatformWalk(platform: platform, judge: judge, people: people, host: host)
                    let answers = try await people.ofBot(in: "dm:alice").map(walk.text)
                    let counts = names.map { name in answers.count { $0.contains(name) } }
                    let extra = counts.reduce(0, +) - names.count
                    // One message of a chat is on its way at a time.
                    let mayRepeat = platform.hasKeys ? 0 : 1
                    let story = try await walk.story()
                    #expect((0...mayRepeat).contains(extra), "\(counts)\n\(story)")
                }
            }
            #expect(try await people.problems() == [])
        }
    }
}
