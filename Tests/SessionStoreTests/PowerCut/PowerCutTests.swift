import Foundation
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

/// A power cut at every point of a series of turns: each state that the disk may be left in is opened and checked.
@Suite(.serialized) struct PowerCutTests {
    private static let isLong = ProcessInfo.processInfo.environment["NANOCLAW_LONG"] == "1"

    /// What a replay found.
    private struct Verdict: Sendable {
        /// Turns that the scenario came to the end of.
        var turns: Int
        var points = 0
        var states = 0
        var faults: [String] = []
    }

    @Test(.timeLimit(.minutes(60))) func `T22 no power cut loses or halves what was committed`() async throws {
        let verdict = try await replay(turns: Self.isLong ? 12 : 4, pragma: "", states: Self.isLong ? .max : 600)
        print("power cut: \(verdict.points) points, \(verdict.states) states, \(verdict.faults.count) faults")
        #expect(verdict.turns == (Self.isLong ? 12 : 4))
        #expect(verdict.points > 200)
        #expect(verdict.states >= 300)
        #expect(verdict.faults.prefix(10) == [])
    }

    @Test(
        .timeLimit(.minutes(60)),
        arguments: [
            "PRAGMA synchronous=OFF", "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL",
            "PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=NORMAL",
        ]
    ) func `the replay reports settings that lose a commit`(pragma: String) async throws {
        let verdict = try await replay(turns: 2, pragma: pragma, states: 300)
        print("power cut with \(pragma): \(verdict.states) states, \(verdict.faults.count) faults")
        #expect(verdict.turns == 2)
        #expect(verdict.faults.contains { $0.contains("lost: ") })
    }

    @Test func `a commit synchronises the journal's directory the first time only`() async throws {
        try await withTemporaryDirectory { path in
            let steps = try Self.record(turns: 4, pragma: "", in: path).steps
            let databases = steps.count { step in
                if case .sync = step.operation { step.path.hasSuffix("/outbound.db") } else { false }
            }
            let directories = steps.count { step in
                if case .syncDirectory = step.operation { step.path.hasSuffix("/outbound") } else { false }
            }
            #expect(databases >= 8)
            #expect(directories <= databases / 2, "\(directories) of \(databases)")
        }
    }

    /// Records the scenario and checks up to `states` of the states that a cut may leave, evenly over all points.
    private func replay(turns: Int, pragma: String, states limit: Int) async throws -> Verdict {
        try await withTemporaryDirectory { path in
            let record = try Self.record(turns: turns, pragma: pragma, in: path)
            return try await Self.replay(record, states: limit)
        }
    }

    private static func replay(_ record: DiskRecord, states limit: Int) async throws -> Verdict {
        let executors = try StoreExecutors(threads: 1)
        var verdict = Verdict(turns: record.marks.count { $0.text.hasPrefix("recorded") })
        verdict.points = record.steps.count + 1
        (verdict.states, verdict.faults) = try await record.replay(states: limit) { path, marks in
            let folder = SessionFolder(path: path + "/session")
            return await PowerCutCheck(folder: folder, executors: executors, acknowledged: marks).faults()
        }
        return verdict
    }

    private static func record(turns: Int, pragma: String, in path: String) throws -> DiskRecord {
        try DiskRecord(of: "session-victim", ["power", "\(path)/root/session", "\(turns)", pragma], in: path)
    }
}
