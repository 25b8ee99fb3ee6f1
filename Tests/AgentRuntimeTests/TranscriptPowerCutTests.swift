import Core
import Foundation
import LinuxIO
import ModelProviders
import TestSupport
import Testing

@testable import AgentRuntime
@testable import SessionStore
@testable import SessionStoreHost

/// A power cut at every point of turns that a runner remembers.
@Suite(.serialized, .timeLimit(.minutes(10))) struct TranscriptPowerCutTests {
    private static let isLong = ProcessInfo.processInfo.environment["NANOCLAW_LONG"] == "1"
    private static let turns = isLong ? 8 : 4

    @Test func `T22 no power cut leaves a reply without its memory, or a memory twice or in half`() async throws {
        try await withTemporaryDirectory { path in
            let record = try Self.record(in: path)
            let (states, faults) = try await Self.replay(record, states: Self.isLong ? .max : 200)
            print("power cut around transcripts: \(states) states, \(faults.count) faults")
            #expect(record.marks.count { $0.text.hasPrefix("turn") } == Self.turns)
            #expect(states >= 100)
            #expect(faults.prefix(10) == [])
        }
    }

    @Test(arguments: ["sync", "syncdir"])
    func `the replay reports a transcript that is not brought to the disk`(kind: String) async throws {
        try await withTemporaryDirectory { path in
            let (_, faults) = try await Self.replay(
                Self.record(in: path).without { step in
                    switch step.operation {
                    case .sync: kind == "sync" && step.path.hasSuffix(".jsonl")
                    case .syncDirectory: kind == "syncdir" && step.path.hasSuffix("/transcripts")
                    default: false
                    }
                },
                states: 100
            )
            #expect(faults.contains { $0.contains("remembered") }, "\(faults.prefix(3))")
        }
    }

    @Test func `T22 half a line of a transcript costs no turn that comes behind it`() async throws {
        try await withTemporaryDirectory { path in
            var (transcript, _) = try Transcript.open(state: path, continuation: nil)
            _ = try transcript.append(.random(), [.user("said 0")], history: History())
            let value = try transcript.append(.random(), [.user("said 1")], history: History())
            let name = "transcripts/\(value.split(separator: ":")[0]).jsonl"
            // A disk that has lost the end of it.
            let file = try Directory(path: path).open(name, O_RDWR)
            try #require(ftruncate(file.number, off_t(try file.status().st_size - 5)) == 0)
            var (next, turns) = try Transcript.open(state: path, continuation: value)
            #expect(Self.texts(turns) == ["said 0"])
            let grown = try next.append(.random(), [.user("said 2")], history: History(turns))
            #expect(Self.texts(try Transcript.open(state: path, continuation: grown).turns) == ["said 0", "said 2"])
        }
    }

    private static func record(in path: String) throws -> DiskRecord {
        try DiskRecord(of: "session-victim", ["memory", "\(path)/root/session", "\(turns)"], in: path)
    }

    private static func replay(_ record: DiskRecord, states limit: Int) async throws -> (states: Int, faults: [String])
    {
        try await record.replay(states: limit) { path, marks in
            // A creation that was cut off is `PowerCutTests`' business.
            guard marks.contains("created") else { return [] }
            do {
                return try await Self.check(SessionFolder(path: path + "/session"), marks)
            } catch {
                return ["cannot be opened: \(error)"]
            }
        }
    }

    /// Opens what is left as the next host and its runner do.
    private static func check(_ folder: SessionFolder, _ marks: [String]) async throws -> [String] {
        let executors = try StoreExecutors(threads: 1)
        let host = HostSession(folder: folder, owner: nil, executors: executors, time: SystemTime())
        try await host.rollBackHotInbound()
        await host.close()
        try RunnerSession.recover(outbound: folder.outbound)
        var faults: [String] = []
        let outbound = try Connection(path: folder.outboundDatabase, .readWrite, busyTimeout: 0)
        let said = try outbound.rows("SELECT content ->> 'text' FROM messages_out ORDER BY seq") { $0.text(0) }
        let value = try outbound.first("SELECT value FROM session_state") { $0.text(0) }
        outbound.close()
        for mark in marks where mark.hasPrefix("turn ") && !said.contains("said \(mark.dropFirst(5))") {
            faults.append("lost: \(mark)")
        }
        var (transcript, turns) = try Transcript.open(state: folder.state, continuation: value)
        if texts(turns) != said { faults.append("said \(said), remembered \(texts(turns))") }
        // What comes next stands behind it.
        let grown = try transcript.append(.random(), [.user("said next")], history: History(turns))
        let after = texts(try Transcript.open(state: folder.state, continuation: grown).turns)
        if after != texts(turns) + ["said next"] { faults.append("remembered \(after) after one more") }
        return faults
    }

    /// The first two words of each turn.
    private static func texts(_ turns: [[ModelMessage]]) -> [String] {
        turns.map { turn in
            let text = turn.first?.parts.first.map { "\($0)" } ?? ""
            return text.firstMatch(of: #/said \w+/#).map { String($0.output) } ?? text
        }
    }
}
