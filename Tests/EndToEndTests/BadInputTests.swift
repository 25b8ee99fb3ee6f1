import Foundation
import TestSupport
import Testing

/// Bad input is refused with what, where and how to fix it, and costs nothing that was accepted before.
@Suite(.timeLimit(.minutes(5)))
struct BadInputTests {
    @Test func `a verb without a host ends with 2, names the home and the command that starts one`() async throws {
        try await withTemporaryDirectory { home in
            for verb in [["status"], ["chat", "-m", "x"], ["groups", "list"]] {
                let answer = try await run(Release.nanoclaw.path, ["--home", home] + verb)
                #expect(answer.status == 2, "\(verb): \(answer)")
                #expect(answer.errors.contains(home))
                #expect(answer.errors.contains("up"))
            }
        }
    }

    @Test func `an unknown key or a bad value in config.yaml stops the start, naming file, line and key`() async throws
    {
        try await withTemporaryDirectory { path in
            let home = path + "/home"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            for (text, key) in [("maxRunners: 4\nmaxRunner: 5\n", "maxRunner"), ("maxRunners: many\n", "maxRunners")] {
                try text.write(toFile: home + "/config.yaml", atomically: true, encoding: .utf8)
                let answer = try await run(Release.nanoclaw.path, ["--home", home, "up"])
                #expect(answer.status != 0, "\(answer)")
                #expect(answer.errors.contains("config.yaml"), "\(answer)")
                #expect(answer.errors.contains(key), "\(answer)")
                #expect(answer.errors.contains(text.contains("maxRunner:") ? "2" : "1"), "\(answer)")
            }
        }
    }

    @Test func `values that the database does not know are refused when written`() async throws {
        try await withHost { host in
            let group = try #require(try await host.rows("groups", "list").first?["id"] as? String)
            let chat = try #require(try await host.rows("messaging-groups", "list").first?["id"] as? String)
            for bad in [
                ["messaging-groups", "update", chat, "--unknown-sender-policy", "maybe"],
                [
                    "messaging-groups", "create", "--channel", "cli", "--platform-id", "cli:local:x",
                    "--unknown-sender-policy", "open",
                ],
                ["roles", "grant", "--user", "cli:0", "--role", "king"],
                ["groups", "create", "--name", "Bad", "--folder", "../escape"],
                ["providers", "add", "p", "--kind", "telepathy", "--base-url", "http://127.0.0.1:1", "--model", "m"],
                ["providers", "add", "p", "--kind", "openai", "--base-url", "not a url", "--model", "m"],
                ["wirings", "create", "--chat", chat, "--group", group, "--pattern", "("],
            ] {
                let answer = try await host.nanoclaw(bad)
                #expect(answer.status != 0, "\(bad): \(answer)")
                #expect(!answer.errors.isEmpty, "\(bad)")
            }
            #expect(!FileManager.default.fileExists(atPath: host.home + "/escape"))
            #expect(try await host.chat("run echo unharmed").contains("unharmed"))
        }
    }

    @Test func `a malformed frame gets an error and the host goes on`() async throws {
        try await withHost { host in
            let answer = try await run(
                "/usr/bin/env",
                [
                    "python3", "-c",
                    """
                    import socket, sys
                    for line in [b"nonsense\\n", b"{}\\n", b"[1]\\n", b'{"v":1,"id":"1","command":"no such verb"}\\n', b"\\xff\\xfe\\n", b"x" * 2000000 + b"\\n"]:
                        s = socket.socket(socket.AF_UNIX); s.settimeout(10); s.connect(sys.argv[1])
                        try: s.sendall(line)
                        except OSError: pass
                        try: print(s.recv(4096).decode()[:200])
                        except OSError as e: print("closed", e)
                    """, host.home + "/data/nanoclaw.sock",
                ]
            )
            #expect(answer.output.split(separator: "\n").count >= 5, "\(answer)")
            #expect(answer.output.contains("error"))
            #expect(try await host.chat("run echo unharmed").contains("unharmed"))
        }
    }

    @Test func `another user of the machine is turned away`() async throws {
        guard getuid() == 0 else { return }
        try await withHost(user: 65534) { host in
            chmod(host.home + "/data", 0o777)
            chmod(host.home + "/data/nanoclaw.sock", 0o777)
            let answer = try await run(
                "/usr/bin/env",
                [
                    "python3", "-c",
                    """
                    import socket, sys
                    s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1])
                    try:
                        s.sendall(b'{"v":1,"id":"1","command":"status"}\\n'); print(s.recv(4096).decode())
                    except OSError as e: print("closed", e)
                    """, host.home + "/data/nanoclaw.sock",
                ],
                user: 12345
            )
            #expect(!answer.output.contains("\"result\""), "\(answer)")
        }
    }

    @Test func `a home that cannot be written stops the start with the path and the cause`() async throws {
        guard getuid() == 0 else { return }
        try await withTemporaryDirectory { path in
            chmod(path, 0o755)
            let home = path + "/home"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            let answer = try await run(Release.nanoclaw.path, ["--home", home, "up"], user: 65534)
            #expect(answer.status != 0)
            #expect(answer.errors.contains(home), "\(answer)")
            #expect(answer.errors.lowercased().contains("permission"), "\(answer)")
        }
    }

    @Test func `T26 a full disk is told as such, and work goes on once there is room`() async throws {
        guard getuid() == 0 else { return }
        try await withTemporaryDirectory { path in
            chmod(path, 0o755)
            let home = path + "/home"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            let mounted = try await run("/bin/mount", ["-t", "tmpfs", "-o", "size=24m,mode=755", "none", home])
            #expect(mounted.status == 0, "\(mounted)")
            do {
                try await withHost(home: home) { host in
                    #expect(try await host.chat("run echo before").contains("before"))
                    _ = try await run("/bin/sh", ["-c", "head -c 40m /dev/zero > \(home)/filler 2>/dev/null; true"])
                    let full = try await host.nanoclaw("chat", "-m", "run echo during", "--timeout", "15")
                    #expect(full.status != 0, "\(full)")
                    #expect((full.errors + full.output).lowercased().contains("full"), "\(full)")
                    try FileManager.default.removeItem(atPath: home + "/filler")
                    try await eventually(within: 60, "work goes on") {
                        let answer = try await host.nanoclaw("chat", "-m", "run echo after", "--timeout", "20")
                        return answer.output.contains("after")
                    }
                    for file in ["nanoclaw.db"] {
                        let size = try FileManager.default.attributesOfItem(atPath: home + "/data/" + file)[.size]
                        #expect((size as? Int ?? 0) > 0)
                    }
                }
            } catch {
                _ = try await run("/bin/umount", ["-l", home])
                throw error
            }
            _ = try await run("/bin/umount", ["-l", home])
        }
    }
}
