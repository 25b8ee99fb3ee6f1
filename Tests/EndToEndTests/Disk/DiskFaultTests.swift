import Foundation
import TestSupport
import Testing

/// Each step of a turn with a disk that answers ENOSPC or EIO, and then does so no longer.
@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: FaultLayer.isThere, "root and strace are needed"))
struct DiskFaultTests {
    private enum Victim { case host, runner }

    /// Whether the message is turned away; else it is answered once the fault is over.
    private enum Refusal {
        case never, always
        /// The commit has come to be though it is said to have failed.
        case unknown
    }

    private struct Step {
        let name: String
        let victim: Victim
        let calls: String
        let files: [String]
        var from = 1
        var refuses = Refusal.never
        /// Another command that comes by the step.
        var also: [String] = []
        /// Whether people see the fault while it lasts; a trace or a log line that is lost is not their business.
        var isTold = true
        var asks = "run echo reply-"
        /// SQLite does not come into it.
        var isFile = false
    }

    /// `S` stands for the session's folder, `T` for the transcript's name.
    private static let steps: [Step] = [
        Step(
            name: "inbound commit",
            victim: .host,
            calls: "pwrite64,fsync,fdatasync",
            files: ["S/inbound/inbound.db", "S/inbound/inbound.db-journal"],
            refuses: .always
        ),
        Step(
            name: "inbound commit, its last sync",
            victim: .host,
            calls: "fsync,fdatasync",
            files: ["S/inbound/inbound.db-journal"],
            from: 3,
            refuses: .unknown,
            isTold: false
        ),
        Step(
            name: "central commit",
            victim: .host,
            calls: "pwrite64,fsync,fdatasync",
            files: ["data/nanoclaw.db-wal", "data/nanoclaw.db"],
            refuses: .always
        ),
        Step(
            name: "outbound commit",
            victim: .runner,
            calls: "pwrite64,fsync,fdatasync",
            files: ["/workspace/outbound/outbound.db", "/workspace/outbound/outbound.db-journal"]
        ),
        Step(
            name: "outbound commit, its last sync",
            victim: .runner,
            calls: "fsync,fdatasync",
            files: ["/workspace/outbound/outbound.db-journal"],
            from: 3
        ),
        Step(
            name: "outbox",
            victim: .runner,
            calls: "mkdirat",
            files: ["/workspace/outbound/outbox"],
            asks: "send note-",
            isFile: true
        ),
        Step(
            name: "outbox, its sync",
            victim: .runner,
            calls: "fsync",
            files: ["/workspace/outbound/outbox"],
            asks: "send note-",
            isFile: true
        ),
        Step(
            name: "transcript",
            victim: .runner,
            calls: "write,ftruncate",
            files: ["/workspace/state/transcripts/T"]
        ),
        Step(
            name: "transcript, its sync",
            victim: .runner,
            calls: "fsync",
            files: ["/workspace/state/transcripts/T"],
            isFile: true
        ),
        Step(
            name: "what the host reads of the runner's file",
            victim: .host,
            calls: "read,pread64",
            files: ["S/outbound/outbound.db"],
            isTold: false
        ),
        Step(name: "trace", victim: .host, calls: "pwrite64", files: ["data/traces.db-wal"], isTold: false),
        Step(
            name: "log",
            victim: .host,
            calls: "write",
            files: ["data/logs/nanoclaw.log"],
            also: ["chat", "--chat", "cli:local:nobody", "-m", "hello", "--timeout", "2"],
            isTold: false
        ),
    ]

    @Test(arguments: ["ENOSPC", "EIO"])
    func `T26 at no step of a turn does a full or failing disk lose or feign a message`(error: String) async throws {
        try await withHost { host in
            let hello = "run for i in $(seq 0 \(Self.steps.count)); do printf whole | tee note-$i; done"
            _ = try await host.chat(hello)
            let session = try #require(try await host.databases().first { $0.hasSuffix("/inbound.db") })
            let folder = "\(host.home)/\(session)".replacingOccurrences(of: "/inbound/inbound.db", with: "")
            let transcripts = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/state/transcripts")
            let pids = try await host.sandboxProcesses()
            let runner = try #require(pids.first { Self.name($0) == "agent-runner" })
            var expected: Set<String> = [hello]
            var unknown: Set<String> = []
            for (number, step) in Self.steps.enumerated() {
                let text = "\(step.asks)\(number)"
                let paths = step.files.map { file in
                    var file = file.replacingOccurrences(of: "T", with: transcripts[0])
                    if file.hasPrefix("S/") { file = folder + file.dropFirst() }
                    return file.hasPrefix("/") ? file : "\(host.home)/\(file)"
                }
                // Reading knows no want of room.
                let errno = step.calls.contains("read") ? "EIO" : error
                let layer = FaultLayer(calls: step.calls, error: errno, from: step.from, paths: paths)
                var during = Finished(status: 0, output: "", errors: "")
                let start = ContinuousClock.now
                let count = try await layer.attached(
                    to: step.victim == .host ? host.process.pid : runner,
                    "\(host.home).strace"
                ) {
                    if !step.also.isEmpty { _ = try await host.nanoclaw(step.also) }
                    during = try await host.nanoclaw("chat", "-m", text, "--timeout", "2")
                    // Traces are written a quarter of a second later.
                    try await eventually(within: 3, "\(step.name) fails") {
                        let log = (try? String(contentsOfFile: "\(host.home).strace", encoding: .utf8)) ?? ""
                        return log.contains("(INJECTED)")
                    }
                }
                #expect(count > 0, "\(step.name): nothing failed")
                let words = during.output + during.errors
                switch step.refuses {
                case .never: expected.insert(text)
                case .unknown: unknown.insert(text)
                case .always: #expect(during.status == 1, "\(step.name): \(during)")
                }
                if step.isTold {
                    // What a sync lacked room for is an I/O error to SQLite.
                    let isSync = !step.calls.contains("write") && !step.isFile
                    let device = ["I/O error", "input/output error", "Input/output error"]
                    let cause = errno == "EIO" || isSync ? device : ["full", "No space"]
                    #expect(cause.contains { words.contains($0) }, "\(step.name): \(during)")
                }
                // Work goes on at once, in the same runner.
                let next = "run echo next-\(number)"
                #expect(try await host.chat(next, timeout: 10).contains("next-\(number)"), "\(step.name)")
                expected.insert(next)
                if text.hasPrefix("send ") {
                    #expect(!during.output.contains("[file]"), "\(step.name): \(during)")
                    // Under a name of its own, and whole.
                    let again = "send ./note-\(number)"
                    let sent = try await host.chat(again, timeout: 10)
                    #expect(sent.contains("[file]") && sent.contains("(5 bytes)"), "\(step.name): \(sent)")
                    expected.insert(again)
                }
                print("T26 \(error), \(step.name): \(count) calls failed, over after \(ContinuousClock.now - start)")
                try await host.checkFiles()
                #expect(kill(runner, 0) == 0, "\(step.name): the runner is gone")
            }
            let stored = try await host.checkReplies()
            #expect(stored.subtracting(unknown) == expected, "\(stored.symmetricDifference(expected))")
            // One conversation, remembered to its end.
            let transcript = try String(
                contentsOfFile: "\(folder)/state/transcripts/\(transcripts[0])",
                encoding: .utf8
            )
            for text in expected { #expect(transcript.contains(text), "the transcript has no \(text)") }
        }
    }

    private static func name(_ pid: Int32) -> String {
        (try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8))?.trimmingCharacters(
            in: .whitespacesAndNewlines
        )
            ?? ""
    }
}
