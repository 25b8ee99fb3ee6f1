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
    /// To a post that waits for it.
    private static let answered = "channel.webhook-answered"
    private static let points = CrashPoints.channels.filter { $0.hasPrefix("channel.webhook-") && $0 != answered }

    @Test func `T05 T12 the host dies at each step of a webhook, and each post and answer is there once`() async throws
    {
        #expect(Self.points.count == 3)
        try await WebhookReceiver.with { receiver in
            try await MortalHost.with { host in
                try await connect("door", host.verbs, receiver.address)
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

    @Test func `T05 T12 an answer that a waiting post has and the host has not recorded comes again, with a mark`()
        async throws
    {
        #expect(CrashPoints.channels.contains(Self.answered))
        try await WebhookReceiver.with { receiver in
            try await MortalHost.with { host in
                let model = try freePort()
                try await connect("counter", host.verbs, receiver.address, "--set", "wait=20")
                try await connect("desk", host.verbs, nil, "--set", "wait=20")
                try await say(ToldModelServer.verbs(model, "answer"), host.verbs)
                try await ToldModelServer.with(model, "answer") {
                    let (sender, lives) = (try WebhookSender(port: host.port, hook: "counter"), host.lives)
                    try host.arm(Self.answered)
                    let reply = try await sender.post("which-token")
                    #expect(reply.status == 200 && reply.text.contains("which-token"), "\(reply)")
                    try await eventually(within: 20, "the host dies") { !host.isArmed && host.lives > lives }
                    try await eventually(within: 75, "it is sent to where answers go") { !receiver.texts.isEmpty }
                    try await eventually(within: 75, "no session is marked") {
                        try await host.verbs.sql("data/nanoclaw.db", "SELECT 1 FROM dirty").isEmpty
                    }
                    #expect(receiver.ids(containing: "which-token").count == 1)
                    let marks = "SELECT 1 FROM deliveries WHERE error LIKE 'outcome unknown%'"
                    #expect(try await host.inSessions(marks) == ["1"])
                    // Nothing of it stands in the way of the next.
                    let next = try await sender.post("next-token")
                    #expect(next.status == 200 && next.text.contains("next-token"), "\(next)")
                    #expect(receiver.ids(containing: "next-token").isEmpty)
                    // Where answers go nowhere else it is not told as failed: the sender has it.
                    let (desk, earlier) = (try WebhookSender(port: host.port, hook: "desk"), host.lives)
                    try host.arm(Self.answered)
                    #expect(try await desk.post("desk-token").text.contains("desk-token"))
                    try await eventually(within: 20, "the host dies") { !host.isArmed && host.lives > earlier }
                    let states = "SELECT state FROM deliveries WHERE content LIKE '%desk-token%'"
                    try await eventually(within: 75, "it is of unknown outcome") {
                        try await host.inSessions(states) == ["unknown"]
                    }
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

    private func connect(_ name: String, _ host: TestHost, _ replies: String?, _ options: String...) async throws {
        let file = "\(host.home)/key"
        try WebhookSender.key.write(toFile: file, atomically: true, encoding: .utf8)
        let verbs = [
            [
                "channels", "add", "webhook", "--name", name, "--set", "name=\(name)", "--secret", "key=\(file)",
            ] + (replies.map { ["--set", "reply-url=\($0)", "--set", "private-targets=yes"] } ?? []) + options,
            ["wirings", "create", "--group", "main", "--channel", "webhook", "--account", name],
        ]
        try await say(verbs, host)
    }

    private func say(_ verbs: [[String]], _ host: TestHost) async throws {
        for words in verbs {
            let done = try await host.nanoclaw(words)
            try #require(done.status == 0, "\(words): \(done)")
        }
    }
}
