import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5)))
struct FirstConversationTests {
    @Test func `a fresh home answers, says that no model is configured, and how to get one`() async throws {
        try await withHost { host in
            let reply = try await host.chat("hello")
            #expect(reply.lowercased().contains("no model is configured"))
            #expect(reply.contains("nanoclaw providers add"))
            for path in ["config.yaml", "data/nanoclaw.db", "groups/main", "data/nanoclaw.sock"] {
                #expect(FileManager.default.fileExists(atPath: host.home + "/" + path), "\(path) is missing")
            }
            let socket = try FileManager.default.attributesOfItem(atPath: host.home + "/data/nanoclaw.sock")
            #expect(socket[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func `plain commands become tool calls through the whole system`() async throws {
        try await withHost { host in
            #expect(try await host.chat("run echo $((6*7))").contains("42"))
            _ = try await host.chat("write notes.txt remember the milk")
            #expect(try await host.chat("read notes.txt").contains("remember the milk"))
            #expect(
                try String(contentsOfFile: host.home + "/groups/main/notes.txt", encoding: .utf8)
                    .contains("remember the milk")
            )
            _ = try await host.chat("remember the door code is in the safe")
            #expect(try await host.chat("recall door").contains("door code"))
            #expect(try await host.chat("help").contains("run"))
        }
    }

    @Test func `the first home has one owner, one chat, one destination and one wiring`() async throws {
        try await withHost { host in
            let roles = try await host.nanoclaw("roles", "list", "--json")
            #expect(roles.output.contains("\"owner\""))
            #expect(roles.output.contains("cli:\(getuid())"))
            let chats = try await host.nanoclaw("messaging-groups", "list", "--json")
            #expect(chats.output.contains("cli:local:main"))
            #expect(chats.output.contains("strict"))
            let destinations = try await host.nanoclaw("destinations", "list", "--json")
            #expect(destinations.output.contains("\"cli\""))
            let wirings = try await host.nanoclaw("wirings", "list", "--json")
            #expect(wirings.output.contains("\".\""))
        }
    }

    @Test func `replies come as JSON objects when asked`() async throws {
        try await withHost { host in
            let answer = try await host.nanoclaw("chat", "-m", "hello", "--json")
            #expect(answer.status == 0)
            let lines = answer.output.split(separator: "\n")
            #expect(!lines.isEmpty)
            for line in lines {
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                #expect((object?["text"] as? String)?.isEmpty == false)
            }
        }
    }

    @Test func `a folder without a record is shown and adopted`() async throws {
        try await withHost { host in
            try FileManager.default.createDirectory(
                atPath: host.home + "/groups/garden",
                withIntermediateDirectories: true
            )
            try "You water plants.".write(
                toFile: host.home + "/groups/garden/CLAUDE.md",
                atomically: true,
                encoding: .utf8
            )
            #expect(try await host.nanoclaw("groups", "list", "--all").output.contains("garden"))
            #expect(try await !host.nanoclaw("groups", "list").output.contains("garden"))
            let adopted = try await host.nanoclaw("groups", "create", "--folder", "garden", "--name", "Garden")
            #expect(adopted.status == 0, "\(adopted)")
            #expect(try await host.nanoclaw("groups", "list").output.contains("Garden"))
            #expect(
                try String(contentsOfFile: host.home + "/groups/garden/CLAUDE.md", encoding: .utf8)
                    == "You water plants."
            )
        }
    }

    @Test func `the plain user's home works without root`() async throws {
        guard getuid() == 0 else { return }
        try await withHost(user: 65534) { host in
            let reply = try await host.chat("run id -u; grep -c . /proc/self/uid_map")
            #expect(reply.contains("1000"))
            #expect(try await host.nanoclaw("status").status == 0)
        }
    }
}
