import ChannelNetwork
import Foundation
import TestSupport
import Testing

/// `kill -9` at every step of a webhook, below a program that posts again what was not acknowledged.
@Suite(
    .serialized,
    .timeLimit(.minutes(5)),
    .enabled(if: CrashDriver.isBuilt, "a nanoclaw with fault points is needed")
)
struct WebhookCrashTests {
    private static let points = CrashPoints.channels.filter { $0.hasPrefix("channel.webhook-") }

    @Test func `T05 T12 the host dies at each step of a webhook, and each post and answer is there once`() async throws
    {
        #expect(Self.points.count == 3)
        try await WebhookReceiver.with { receiver in
            try await MortalHost.with { host in
                try await connect(host.verbs, receiver.address)
                for (number, point) in Self.points.enumerated() {
                    let (token, lives) = ("answer-\(number)-", host.lives)
                    try host.arm(point)
                    if point.hasSuffix("-sent") {
                        try await speak(token, host.verbs)
                    } else {
                        try await post(token, host)
                    }
                    try await eventually(within: 20, "the host dies at \(point)") {
                        !host.isArmed && host.lives > lives
                    }
                    if point.hasSuffix("-sent") {
                        try await eventually(within: 75, "\(point): it is sent") {
                            receiver.texts.contains { $0.contains(token) }
                        }
                    }
                    try await post("once-\(number)-", host)
                }
                try await eventually(within: 75, "no session is marked") {
                    try await host.verbs.sql("data/nanoclaw.db", "SELECT 1 FROM dirty").isEmpty
                }
                for (number, point) in Self.points.enumerated() {
                    if point.hasSuffix("-sent") {
                        #expect(receiver.ids(containing: "answer-\(number)-").count == 1)
                    } else {
                        #expect(try await stored("answer-\(number)-", host) == ["completed"], "\(point)")
                    }
                    #expect(try await stored("once-\(number)-", host) == ["completed"], "\(point), once more")
                }
            }
        }
    }

    private func stored(_ token: String, _ host: MortalHost) async throws -> [String] {
        try await host.inSessions("SELECT status FROM messages_in WHERE kind = 'webhook' AND content LIKE '%\(token)%'")
    }

    /// Posts under one id until that is acknowledged.
    private func post(_ token: String, _ host: MortalHost) async throws {
        let sender = try WebhookSender(port: host.port, hook: "door")
        try await eventually(within: 75, "\(token) is acknowledged") {
            (try? await sender.post(token, id: token))?.isSuccess == true
        }
    }

    /// Lets the agent say something in the hook's chat.
    private func speak(_ token: String, _ host: TestHost) async throws {
        let task = [
            "tasks", "create", "run echo \(token)", "--group", "main", "--chat", "webhook:door:posts", "--every", "1d",
            "--name", "speak",
        ]
        let made = try await host.nanoclaw(task)
        try #require(made.status == 0, "\(made)")
        _ = try await host.nanoclaw("tasks", "run", "speak")
    }

    private func connect(_ host: TestHost, _ replies: String) async throws {
        let file = "\(host.home)/key"
        try WebhookSender.key.write(toFile: file, atomically: true, encoding: .utf8)
        for words in [
            [
                "channels", "add", "webhook", "--name", "door", "--set", "name=door", "--set", "reply-url=\(replies)",
                "--set", "private-targets=yes", "--secret", "key=\(file)",
            ],
            ["wirings", "create", "--group", "main", "--channel", "webhook", "--account", "door"],
        ] {
            let done = try await host.nanoclaw(words)
            try #require(done.status == 0, "\(words): \(done)")
        }
    }
}
