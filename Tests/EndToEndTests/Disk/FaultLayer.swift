import Foundation
import Testing

/// Makes system calls of running processes fail on chosen files, as their disk would: strace's injection, for as long
/// as it is attached.
struct FaultLayer: Sendable {
    static let strace = "/usr/bin/strace"
    static var isThere: Bool { getuid() == 0 && access(strace, X_OK) == 0 }

    /// What fails and how: calls, an errno's name, and from which call on.
    var calls: String
    var error: String
    var from = 1
    /// As the processes see them.
    var paths: [String]

    /// How many calls it let fail while the body ran.
    func attached(to pid: Int32, _ log: String, _ body: () async throws -> Void) async throws -> Int {
        var words = ["-e", "trace=\(calls)", "-e", "inject=\(calls):error=\(error):when=\(from)+"]
        for path in paths { words += ["-P", path] }
        try await Self.attached(to: pid, log, words, body)
        let lines = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return lines.components(separatedBy: "(INJECTED)").count - 1
    }

    /// Writes these calls of a process and its children down while the body runs, with the paths of what they open.
    static func watching(
        _ pid: Int32,
        _ calls: String,
        _ log: String,
        _ body: () async throws -> Void
    ) async throws {
        try await attached(to: pid, log, ["-y", "-s", "4096", "-e", "trace=\(calls)"], body)
    }

    private static func attached(
        to pid: Int32,
        _ log: String,
        _ words: [String],
        _ body: () async throws -> Void
    ) async throws {
        let layer = try Command(URL(filePath: strace), ["-f", "-qq", "-o", log] + words + ["-p", "\(pid)"])
        try await eventually("strace is attached") { Self.isTraced(pid) }
        let finished = try await layer.ended(by: SIGTERM, after: body)
        #expect(!Self.isTraced(pid), "\(finished)")
    }

    /// Every thread of it.
    private static func isTraced(_ pid: Int32) -> Bool {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        return !threads.isEmpty
            && threads.allSatisfy { thread in
                let status = try? String(contentsOfFile: "/proc/\(pid)/task/\(thread)/status", encoding: .utf8)
                return status?.contains("TracerPid:\t0\n") == false
            }
    }
}
