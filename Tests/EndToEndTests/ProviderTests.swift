import Foundation
import TestSupport
import Testing

/// The whole path to a model server that behaves as told (Tests/Judges/fake_model.py), on both wires.
@Suite(.timeLimit(.minutes(8)))
struct ProviderTests {
    static let kinds = ["openai", "anthropic"]
    private static let judges = Release.checkout.appending(path: "Tests/Judges")
    private static let hasJudges =
        ProcessInfo.processInfo.environment["NANOCLAW_JUDGES"].map { !$0.isEmpty && $0 != "0" } ?? false

    /// Runs a model server, the one that behaves as told if no other, on a port of its own.
    private func withModelServer<Result>(
        _ program: [String] = ["python3", Self.judges.appending(path: "fake_model.py").path],
        _ body: (_ port: Int) async throws -> Result
    ) async throws -> Result {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = program
        let (output, input) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardInput = input
        try process.run()
        defer {
            // The server ends when its stdin does.
            try? input.fileHandleForWriting.close()
            process.waitUntilExit()
        }
        var line = ""
        while !line.hasSuffix("\n") {
            let part = output.fileHandleForReading.availableData
            guard !part.isEmpty else { break }
            line += String(decoding: part, as: UTF8.self)
        }
        let port = try #require(Int(line.split(whereSeparator: { !$0.isNumber }).last ?? ""))
        return try await body(port)
    }

    private func use(_ host: TestHost, _ name: String, kind: String, port: Int, mode: String) async throws {
        let base = "http://127.0.0.1:\(port)/\(mode)" + (kind == "openai" ? "/v1" : "")
        let added = try await host.nanoclaw(
            "providers",
            "add",
            name,
            "--kind",
            kind,
            "--base-url",
            base,
            "--model",
            "m"
        )
        #expect(added.status == 0, "\(added)")
        let set = try await host.nanoclaw("groups", "config", "update", "main", "--provider", name)
        #expect(set.status == 0, "\(set)")
    }

    /// llama.cpp with a model of 270 million parameters: its way is asserted, not its wit.
    @Test(.enabled(if: hasJudges, "set NANOCLAW_JUDGES=1 to run a real model"), arguments: kinds)
    func `a real model calls a tool in the sandbox and answers with its result`(kind: String) async throws {
        try await withModelServer([Self.judges.appending(path: "llama.sh").path]) { port in
            try await withHost { host in
                try await use(host, "llama", kind: kind, port: port, mode: "turn")
                #expect(try await !host.chat("next", timeout: 120).isEmpty)
                let sent = try await host.rows("sessions", "list")
                let session = try #require(sent.first?["id"] as? String)
                let history = try await host.rows("sessions", "history", session)
                let message = try #require(history.first { $0["direction"] as? String == "in" }?["id"] as? String)
                let trace = try await host.nanoclaw("messages", "trace", message, "--json")
                #expect(trace.output.contains("echo from-the-model") && trace.output.contains("shell"), "\(trace)")
            }
        }
    }

    @Test(arguments: kinds)
    func `a model answers through the host, with a tool call in between, and a change needs no restart`(
        kind: String
    ) async throws {
        try await withModelServer { port in
            try await withHost { host in
                #expect(try await host.chat("hello").lowercased().contains("no model"))
                try await use(host, "answering", kind: kind, port: port, mode: "answer")
                #expect(try await host.chat("good morning").contains("Echo: good morning"))
                try await use(host, "tooling", kind: kind, port: port, mode: "tool")
                #expect(try await host.chat("use your tool").contains("from-the-model"))
                let unknown = try await host.nanoclaw("groups", "config", "update", "main", "--provider", "nobody")
                #expect(unknown.status != 0)
                #expect(unknown.errors.contains("nobody"))
                #expect(try await host.chat("still there?").contains("from-the-model"))
            }
        }
    }

    @Test(arguments: kinds)
    func `T29 a request that the server rejects leaves the next message working`(kind: String) async throws {
        try await withModelServer { port in
            try await withHost { host in
                for (mode, words) in [("400", "400"), ("404", "404")] {
                    try await use(host, "bad\(mode)", kind: kind, port: port, mode: mode)
                    let answer = try await host.nanoclaw("chat", "-m", "hello", "--timeout", "60")
                    #expect((answer.output + answer.errors).contains(words), "\(mode): \(answer)")
                }
                try await use(host, "good", kind: kind, port: port, mode: "answer")
                #expect(try await host.chat("and now?").contains("Echo: and now?"))
            }
        }
    }

    @Test(arguments: kinds, ["401", "429", "500", "garbage", "half", "error", "nothing", "close"])
    func `T28 a failing server is told in the chat, and the message is answered once the cause is gone`(
        kind: String,
        mode: String
    ) async throws {
        try await withModelServer { port in
            try await withHost { host in
                try await use(host, "flaky", kind: kind, port: port, mode: "switch")
                _ = try await run(
                    "/usr/bin/env",
                    ["python3", "-c", Self.control, "\(port)", #"{"mode": "\#(mode)"}"#]
                )
                async let answer = host.nanoclaw("chat", "-m", "keep me", "--timeout", "100")
                try await eventually(within: 60, "a notice names the cause") {
                    let said = try await run(
                        "/usr/bin/sqlite3",
                        [
                            host.home + "/data/nanoclaw.db",
                            "select count(*) from cli_messages where direction='out'",
                        ]
                    )
                    return said.output.trimmingCharacters(in: .whitespacesAndNewlines) != "0"
                }
                _ = try await run(
                    "/usr/bin/env",
                    ["python3", "-c", Self.control, "\(port)", #"{"mode": "answer"}"#]
                )
                let finished = try await answer
                #expect(finished.status == 0, "\(finished)")
                #expect(finished.output.contains("Echo: keep me"), "\(finished)")
            }
        }
    }

    @Test(arguments: kinds)
    func `a stream that goes silent is no reason to give up, and stop ends it`(kind: String) async throws {
        try await withModelServer { port in
            try await withHost { host in
                try await use(host, "silent", kind: kind, port: port, mode: "silent")
                async let answer = host.nanoclaw("chat", "-m", "anybody?", "--timeout", "60")
                try await eventually(within: 20, "the model was asked") {
                    try await run(
                        "/usr/bin/env",
                        ["python3", "-c", Self.requests, "\(port)"]
                    ).output.contains("anybody")
                }
                let stop = try await host.nanoclaw("chat", "-m", "/stop", "--timeout", "10")
                #expect(stop.status == 0, "\(stop)")
                _ = try await answer
                try await use(host, "good", kind: kind, port: port, mode: "answer")
                #expect(try await host.chat("back?").contains("Echo: back?"))
            }
        }
    }

    @Test(arguments: kinds)
    func `T44 the key reaches the server and no file, argument or environment of the sandbox`(kind: String) async throws
    {
        try await withModelServer { port in
            try await withHost { host in
                let key = "sk-canary-\(UUID().uuidString)"
                let file = host.home + "/key"
                try key.write(toFile: file, atomically: true, encoding: .utf8)
                let base = "http://127.0.0.1:\(port)/answer" + (kind == "openai" ? "/v1" : "")
                let added = try await host.nanoclaw(
                    "providers",
                    "add",
                    "keyed",
                    "--kind",
                    kind,
                    "--base-url",
                    base,
                    "--model",
                    "m",
                    "--key-file",
                    file
                )
                #expect(added.status == 0, "\(added)")
                _ = try await host.nanoclaw("groups", "config", "update", "main", "--provider", "keyed")
                #expect(try await host.chat("hello").contains("Echo"))
                let requests = try await run("/usr/bin/env", ["python3", "-c", Self.requests, "\(port)"]).output
                #expect(requests.contains(key))
                for pid in try await host.sandboxProcesses() {
                    for file in ["environ", "cmdline"] {
                        // A process that has ended meanwhile shows nothing.
                        #expect((try? procText("/proc/\(pid)/\(file)"))?.contains(key) != true)
                    }
                }
                let stored = try FileManager.default.attributesOfItem(atPath: host.home + "/data/credentials/keyed")
                #expect(stored[.posixPermissions] as? Int == 0o600)
            }
        }
    }

    /// POSTs its second argument to /control of the server on the port of its first.
    private static let control = """
        import sys, urllib.request as u
        u.urlopen(u.Request(f"http://127.0.0.1:{sys.argv[1]}/control", sys.argv[2].encode(), {"Content-Type": "application/json"})).read()
        """

    private static let requests = """
        import sys, urllib.request as u
        print(u.urlopen(f"http://127.0.0.1:{sys.argv[1]}/control").read().decode())
        """
}
