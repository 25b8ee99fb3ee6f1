import ChannelNetwork
import Foundation
import Glibc
import TestSupport
import Testing

/// Posts of programs, and the cards that they could answer.
@Suite(.timeLimit(.minutes(5)))
struct WebhookAnswerTests {
    private static let chat = "webhook:door:posts"

    @Test func `what a program posts answers no card, and it is asked nothing`() async throws {
        let port = try freePort()
        let sender = try WebhookSender(port: port, hook: "door")
        try await WebhookReceiver.with { receiver in
            try await withTemporaryDirectory { path in
                chmod(path, 0o755)
                let home = path + "/home"
                mkdir(home, 0o755)
                try "webhooks:\n  port: \(port)\n".write(
                    toFile: home + "/config.yaml",
                    atomically: true,
                    encoding: .utf8
                )
                try await withHost(home: home) { host in
                    try await connect(host, receiver.address)
                    try await post("hello", sender)
                    try await ask(host)
                    let other = try await host.openCard(on: "cli", containing: "mkdir made")
                    try await eventually("the agent hears that nobody could answer") {
                        receiver.texts.contains { $0.contains("only programs write to this chat") }
                    }
                    #expect(!receiver.texts.contains { $0.contains("Tea or coffee?") })
                    for text in ["1", "tea", "1 \(other.code)", "\(other.id):0"] { try await post(text, sender) }
                    // A post is decided before it is acknowledged.
                    #expect(try await host.openCard(on: "cli", containing: "mkdir made") == other)
                    #expect(try await host.rows("approvals", "list").map { $0["status"] as? String } == ["pending"])
                    #expect(!FileManager.default.fileExists(atPath: "\(home)/groups/main/made"))
                    // They were heard, as what they are.
                    #expect(try await host.rows("dropped-messages", "list").isEmpty)
                    let session = try #require(
                        try await host.rows("sessions", "list").first {
                            ($0["chat"] as? String)?.hasSuffix(Self.chat) == true
                        }
                    )
                    let heard = try await host.rows("sessions", "history", try #require(session["id"] as? String))
                    #expect(heard.filter { $0["kind"] as? String == "webhook" }.count == 5, "\(heard)")

                    // A person's number at the terminal counts.
                    _ = try await host.nanoclaw("chat", "-m", "1")
                    try await eventually("the command runs") {
                        FileManager.default.fileExists(atPath: "\(home)/groups/main/made")
                    }
                }
            }
        }
    }

    /// Connects a hook whose posts the agent reads and whose answers go to an address.
    private func connect(_ host: TestHost, _ replies: String) async throws {
        let file = host.home + "/key"
        try WebhookSender.key.write(toFile: file, atomically: true, encoding: .utf8)
        for words in [
            [
                "channels", "add", "webhook", "--name", "door", "--set", "name=door", "--set", "reply-url=\(replies)",
                "--set", "private-targets=yes", "--secret", "key=\(file)",
            ],
            // As `channels add` says itself.
            ["wirings", "create", "--group", "main", "--channel", "webhook", "--account", "door"],
            ["groups", "config", "update", "main", "--shell-policy", "ask"],
        ] {
            let done = try await host.nanoclaw(words)
            try #require(done.status == 0, "\(words): \(done)")
            if words.first == "channels" {
                #expect(done.output.contains("wirings create --group main --channel webhook --account door"), "\(done)")
            }
        }
        let paired = try await host.nanoclaw("channels", "pair", "door")
        #expect(paired.status != 0 && paired.errors.contains("programs write to it"), "\(paired)")
    }

    /// Lets the agent ask in the hook's chat, and for an approval at the terminal.
    private func ask(_ host: TestHost) async throws {
        let made = try await host.nanoclaw(
            "tasks",
            "create",
            "ask Tea or coffee? | tea | coffee",
            "--group",
            "main",
            "--chat",
            Self.chat,
            "--every",
            "1d",
            "--name",
            "tea"
        )
        try #require(made.status == 0, "\(made)")
        #expect(try await host.nanoclaw("tasks", "run", "tea").status == 0)
        #expect(try await host.chat("run mkdir made").contains("A person is asked"))
    }

    private func post(_ text: String, _ sender: WebhookSender) async throws {
        let reply = try await sender.post(text)
        #expect(reply.status == 202, "\(text): \(reply.status)")
    }
}
