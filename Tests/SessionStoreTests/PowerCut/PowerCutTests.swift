import Core
import Foundation
import Glibc
import LinuxIO
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
        let ram = try Ram()
        defer { ram.remove() }
        let executors = try StoreExecutors(threads: 1)
        var verdict = Verdict(turns: record.marks.count { $0.text.hasPrefix("recorded") })
        verdict.points = record.steps.count + 1
        let total = count(record)
        var states = States(stride: limit >= total ? 1 : (total + limit - 1) / limit)
        for point in 0...record.steps.count {
            let marks = record.marks.filter { $0.after <= point }.map(\.text)
            for state in states.next(point, of: record, marks: marks.count) {
                verdict.states += 1
                try ram.put(state.content, directories: states.disk.directories)
                let folder = SessionFolder(path: ram.path + "/session")
                let check = PowerCutCheck(folder: folder, executors: executors, acknowledged: marks)
                let faults = await check.faults()
                verdict.faults += faults.map { "after step \(point), \(state.name): \($0)" }
            }
        }
        return verdict
    }

    /// How many different states the cuts of a record may leave.
    private static func count(_ record: DiskRecord) -> Int {
        var states = States(stride: .max)
        for point in 0...record.steps.count {
            let marks = record.marks.count { $0.after <= point }
            _ = states.next(point, of: record, marks: marks)
        }
        return states.seen
    }

    /// The states that the cuts of a record may leave, each once, every `stride`th of them.
    private struct States: Sendable {
        let stride: Int
        var disk = PowerCutDisk()
        var seen = 0
        private var known: Set<Int> = []

        init(stride: Int) { self.stride = stride }

        /// Those of the next point.
        mutating func next(_ point: Int, of record: DiskRecord, marks: Int) -> [PowerCutDisk.Outcome] {
            if point > 0 { disk.perform(record.steps[point - 1]) }
            var fresh: [PowerCutDisk.Outcome] = []
            for outcome in disk.outcomes() {
                guard known.insert(Self.digest(outcome.content, marks)).inserted else { continue }
                seen += 1
                if seen % stride == 0 { fresh.append(outcome) }
            }
            return fresh
        }

        private static func digest(_ content: PowerCutDisk.Content, _ marks: Int) -> Int {
            var hasher = Hasher()
            hasher.combine(marks)
            for (name, node) in content.names.sorted(by: { $0.key < $1.key }) {
                hasher.combine(name)
                content.data[node]?.withUnsafeBytes { hasher.combine(bytes: $0) }
            }
            return hasher.finalize()
        }
    }

    private static func record(turns: Int, pragma: String, in path: String) throws -> DiskRecord {
        let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "PowerRecorder/recorder.c").path
        try run("/usr/bin/env", ["cc", "-shared", "-fPIC", "-O1", "-o", "\(path)/recorder.so", source], [:])
        mkdir("\(path)/root", 0o700)
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let victim = URL(filePath: own).deletingLastPathComponent().appending(path: "session-victim").path
        try run(
            victim,
            ["power", "\(path)/root/session", "\(turns)", pragma],
            [
                "LD_PRELOAD": "\(path)/recorder.so", "POWER_ROOT": "\(path)/root",
                "POWER_LOG": "\(path)/log",
            ]
        )
        return try DiskRecord(try Directory(path: path).contents("log", limit: 1 << 28))
    }

    private static func run(_ program: String, _ arguments: [String], _ environment: [String: String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Unexpected("\(program) \(arguments.first ?? "") ended with \(process.terminationStatus)")
        }
    }
}

/// A directory in memory for the states that are opened: nothing in them needs a disk.
private struct Ram: Sendable {
    let path: String
    private let parent: String

    init() throws {
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(parent)/nanoclaw-power-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno.last("mkdtemp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func remove() { try? Directory(path: parent).remove(String(path.dropFirst(parent.count + 1))) }

    /// Empties it and puts a state there; a name whose directory is not there is none.
    func put(_ content: PowerCutDisk.Content, directories: Set<PowerCutDisk.Node>) throws {
        let root = try Directory(path: path)
        for name in try root.names() { try root.remove(name) }
        for (name, node) in content.names.sorted(by: { $0.key < $1.key }) {
            let parts = name.split(separator: "/")
            let above = parts.dropLast().joined(separator: "/")
            guard let directory = above.isEmpty ? root : try? root.directory(above), let last = parts.last else {
                continue
            }
            if directories.contains(node) {
                try directory.makeDirectory(String(last))
            } else {
                try directory.create(String(last)).write(content.data[node] ?? [])
            }
        }
    }
}
