import Core
import Foundation
import Glibc
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

extension Scene {
    /// Sends `count` messages to a runner that answers each; returns the longest way of one there and back.
    ///
    /// Ends when every commit of either side was seen by the other, each once and in order; throws when the oldest has
    /// no answer for `limit`.
    func exchange(_ count: Int, limit: Duration = .seconds(20)) async throws -> Duration {
        let configuration = AgentConfiguration(agentGroupID: .random(), agentName: "Nano")
        try await host.beginIncarnation(1, configuration: configuration, destinations: [], routing: nil)
        let runner = try Victim("answer", folder, count: count)
        var isOver = false
        defer { if !isOver { runner.kill() } }
        let clock = SystemTime()
        var sent: [MessageID] = []
        var began: [Duration] = []
        var answered: [MessageID] = []
        var longest = Duration.zero
        while answered.count < count {
            if began.count > answered.count, clock.monotonic - began[answered.count] > limit {
                throw Unexpected("message \(answered.count) of \(count) has no answer after \(limit): a commit is lost")
            }
            // A queue of bounded length, as a conversation has one.
            if sent.count < count, sent.count - answered.count < 200 {
                do {
                    let start = clock.monotonic
                    sent += try await host.insert([message("\(sent.count)")]).map(\.id)
                    began.append(start)
                } catch let error as StoreError where error.code == .busy {}
            }
            guard case .snapshot(let snapshot) = try await host.readOutbound() else { continue }
            let new = snapshot.rows.compactMap(\.inReplyTo)
            do {
                try await host.apply(
                    snapshot.rows.map { .delivery(try delivery($0)) } + [.acked(snapshot.acks)]
                )
            } catch let error as StoreError where error.code == .busy {
                continue
            }
            answered += new
            if let last = answered.indices.last, !new.isEmpty {
                longest = max(longest, clock.monotonic - began[last - new.count + 1])
            }
        }
        #expect(answered == sent)
        #expect(try runner.line() == "done")
        try runner.end()
        isOver = true
        #expect(try await host.state(now: time.now).open == 0)
        return longest
    }
}

/// A file system of its own for a test: in memory, as an overlay, or in an image behind a loop device.
enum ScratchFileSystem: String, CaseIterable, Sendable {
    case tmpfs, overlay, ext4, xfs, btrfs

    /// How to make one in an image.
    private var maker: [String]? {
        switch self {
        case .tmpfs, .overlay: nil
        case .ext4: ["mkfs.ext4", "-q", "-F"]
        case .xfs: ["mkfs.xfs", "-q", "-f"]
        case .btrfs: ["mkfs.btrfs", "-q", "-f"]
        }
    }

    /// Runs the body with a directory on it; false, with a printed reason, where it cannot be had.
    func with(_ body: (String) async throws -> Void) async throws -> Bool {
        guard geteuid() == 0 else { return skip("mounting is root's") }
        return try await withTemporaryDirectory { path in
            let place = path + "/mounted"
            mkdir(place, 0o755)
            if let complaint = try mount(path, place) { return skip(complaint) }
            do {
                try await body(place)
            } catch {
                _ = try shell(["umount", "-l", place])
                throw error
            }
            _ = try shell(["umount", "-l", place])
            return true
        }
    }

    /// Where the judges run, as in CI, each of the five must be had.
    private func skip(_ reason: String) -> Bool {
        if getenv("NANOCLAW_JUDGES") != nil || getenv("CI") != nil {
            Issue.record("\(rawValue) is not here: \(reason)")
        } else {
            print("skipped on \(rawValue): \(reason)")
        }
        return false
    }

    /// Nil when it is mounted, else why not.
    private func mount(_ path: String, _ place: String) throws -> String? {
        switch self {
        case .tmpfs: return try shell(["mount", "-t", "tmpfs", "-o", "size=512m", "none", place])
        case .overlay:
            let base = path + "/base"
            mkdir(base, 0o755)
            // The upper directory lies on a file system of its own: an overlay cannot lie on another.
            if let complaint = try shell(["mount", "-t", "tmpfs", "-o", "size=512m", "none", base]) {
                return complaint
            }
            for name in ["lower", "upper", "work"] { mkdir("\(base)/\(name)", 0o755) }
            let layers = "lowerdir=\(base)/lower,upperdir=\(base)/upper,workdir=\(base)/work"
            let complaint = try shell(["mount", "-t", "overlay", "-o", layers, "none", place])
            // It stays alive below the overlay.
            _ = try shell(["umount", "-l", base])
            return complaint
        default:
            guard let maker else { return "nothing makes it" }
            let image = path + "/image"
            if let complaint = try shell(["truncate", "-s", "512M", image]) { return complaint }
            if let complaint = try shell(maker + [image]) { return complaint }
            return try shell(["mount", "-o", "loop", image, place])
        }
    }

    /// Nil when the command worked, else what it said.
    private func shell(_ words: [String]) throws -> String? {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return process.terminationStatus == 0 ? nil : "\(words.joined(separator: " ")): \(text)"
    }
}

/// `NANOCLAW_LONG=1` makes it 100,000 each way.
private let commits =
    ProcessInfo.processInfo.environment["NANOCLAW_LONG"] == "1"
    ? 100_000 : ProcessInfo.processInfo.environment["NANOCLAW_COMMITS"].flatMap(Int.init) ?? 200

@Suite(.serialized, .timeLimit(.minutes(commits > 1000 ? 60 : 2)))
struct FileSystemTests {
    /// Measured beside two lanes of tests: 9.5 s on btrfs at worst, with 200 messages under way.
    private static let longest = Duration.seconds(20)

    @Test(arguments: ScratchFileSystem.allCases)
    func `T24 commits each way are each seen by the other side on every local file system`(
        kind: ScratchFileSystem
    ) async throws {
        let isDone = try await kind.with { place in
            try await Scene.run(in: place) { scene in
                let clock = SystemTime()
                let start = clock.monotonic
                let longest = try await scene.exchange(commits, limit: Self.longest)
                print("\(kind.rawValue): \(commits) each way in \(clock.monotonic - start), longest \(longest)")
                #expect(longest < Self.longest)
            }
        }
        if !isDone { #expect(kind != .tmpfs || geteuid() != 0) }
    }
}
