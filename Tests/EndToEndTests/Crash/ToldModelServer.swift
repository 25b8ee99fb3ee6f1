import Foundation
import TestSupport
import Testing

/// The model server of Tests/Judges/fake_model.py on a port that was told to a host before.
enum ToldModelServer {
    /// What tells a host of the server, for its group `main`; `mode` is a part of its address.
    static func verbs(_ port: Int, _ mode: String) -> [[String]] {
        let base = "http://127.0.0.1:\(port)/\(mode)/v1"
        return [
            ["providers", "add", "told", "--kind", "openai", "--base-url", base, "--model", "m"],
            ["groups", "config", "update", "main", "--provider", "told"],
        ]
    }

    /// Runs the body beside a server in one of its modes.
    static func with(_ port: Int, _ mode: String, _ body: () async throws -> Void) async throws {
        let server = try Command(
            URL(filePath: "/usr/bin/env"),
            [
                "python3", Release.checkout.appending(path: "Tests/Judges/fake_model.py").path, "--stay", "--port",
                "\(port)", "--mode", mode,
            ]
        )
        _ = try await server.ended(by: SIGKILL) {
            try await eventually("the model server listens") { try await control(port).status == 0 }
            try await body()
        }
    }

    /// Whether it was asked for an answer.
    static func isAsked(_ port: Int) async throws -> Bool {
        try await control(port).output.contains("chat/completions")
    }

    private static func control(_ port: Int) async throws -> Finished {
        let script = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode())"
        return try await run("/usr/bin/env", ["python3", "-c", script, "http://127.0.0.1:\(port)/control"])
    }
}
