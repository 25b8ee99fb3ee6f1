import Core
import Foundation
import JudgeSupport
import Synchronization
import TestSupport
import Testing

/// A platform's channel in a host that dies at the channel's own points, and the books of it: what the people there did, and
/// what the platform shows them.
final class ChannelDeaths: Sendable {
    /// A recovery may wait for a sweep.
    private static let deadline = 75.0
    private static let chat = "dm:alice"

    private let walk: PlatformWalk
    private let host: MortalHost
    private let events = Mutex<[ChannelEvent]>([])

    private init(_ walk: PlatformWalk, _ host: MortalHost) {
        self.walk = walk
        self.host = host
    }

    /// Lets the host die at each of the points once; answers with how many events were answered twice, with a mark.
    static func run(_ platform: WalkedPlatform, _ points: [String]) async throws -> Int {
        var repeated = 0
        try await with(platform) { deaths in
            for point in points { try await deaths.die(at: point) }
            repeated = try await deaths.check()
        }
        return repeated
    }

    /// Lets the host drop or double messages; fails the test unless the books show it.
    static func run(_ platform: WalkedPlatform, mistake: String) async throws {
        try await with(platform) { deaths in
            try await deaths.host.goWrong(by: mistake)
            for _ in 0..<10 {
                try await deaths.walk.people.say(deaths.next(.text).text, in: Self.chat, by: "alice")
            }
            let done = "SELECT 1 FROM messages_in WHERE status = 'completed' AND content LIKE '%run echo answer-e%'"
            try await eventually(within: Self.deadline, "the host has done its work") {
                try await deaths.host.inSessions(done).count == 10
            }
            let found = "was answered \(mistake == "drop" ? 0 : 2) times"
            try await withKnownIssue("a host that makes a mistake") {
                _ = try await deaths.check()
            } matching: { issue in
                issue.comments.contains { $0.rawValue.contains(found) }
            }
        }
    }

    private static func with(_ platform: WalkedPlatform, _ body: (ChannelDeaths) async throws -> Void) async throws {
        try await JudgeServer.with(platform.judge, arguments: platform.arguments) { judge in
            let people = try await platform.people(judge)
            try await MortalHost.with { host in
                let walk = PlatformWalk(platform: platform, judge: judge, people: people, host: host.verbs)
                let deaths = ChannelDeaths(walk, host)
                do {
                    try await deaths.prepare()
                    try await body(deaths)
                } catch {
                    Issue.record("\(platform.name) ended here: \(error)\n\(try await walk.story())")
                }
            }
            #expect(try await people.problems() == [])
        }
    }

    private func prepare() async throws {
        _ = try await walk.add()
        try await walk.platform.added(walk.judge, "http://127.0.0.1:\(host.port)/hooks")
        try await walk.pair()
        // The files that the agent will be asked for.
        let made = "for i in $(seq 99); do echo a note > answer-f$i-.txt; done; echo all-are-made"
        try await walk.people.say("run \(made)", in: Self.chat, by: "alice")
        try await walk.people.waitForBot(in: Self.chat, containing: "all-are-made")
    }

    // MARK: - A death

    private func die(at point: String) async throws {
        let (event, lives) = (next(ChannelEvent.kind(at: point)), host.lives)
        if event.kind == .answer {
            try await walk.people.say(event.text, in: Self.chat, by: "alice")
            let card = try await walk.card("Which of \(event.token)?", in: Self.chat)
            try host.arm(point)
            try await walk.answer(card, event.token, in: Self.chat, by: "alice")
            try await waitForDeath(point, lives)
            try await waitForAnswer(event, point) {
                // Whoever sees nothing come of a press presses again; and a turn that was cut off asks once more.
                guard let open = try await self.openCard(event) else { return }
                try? await self.walk.answer(open, event.token, in: Self.chat, by: "alice")
            }
        } else {
            try host.arm(point)
            try await walk.people.say(event.text, in: Self.chat, by: "alice", files: event.files)
            try await waitForDeath(point, lives)
            try await waitForAnswer(event, point) {}
        }
        let once = next(.text)
        try await walk.people.say(once.text, in: Self.chat, by: "alice")
        try await waitForAnswer(once, "\(point), once more") {}
    }

    /// The newest card of the event that still has its answers.
    private func openCard(_ event: ChannelEvent) async throws -> JSONValue? {
        try await walk.people.ofBot(in: Self.chat).last { message in
            guard walk.text(message).contains("Which of \(event.token)?") else { return false }
            if case .buttons = walk.platform.answers { return message[key: "buttons"]?.array?.isEmpty == false }
            return walk.text(message).contains("Answer with")
        }
    }

    private func next(_ kind: ChannelEvent.Kind) -> ChannelEvent {
        events.withLock { events in
            events.append(ChannelEvent(kind, events.count + 1))
            return events[events.count - 1]
        }
    }

    private func waitForDeath(_ point: String, _ lives: Int) async throws {
        try await eventually(within: 20, "the host dies at \(point)") { !host.isArmed && host.lives > lives }
        if host.isArmed { try FileManager.default.removeItem(atPath: "\(host.home)/crash") }
    }

    private func waitForAnswer(
        _ event: ChannelEvent,
        _ what: String,
        _ again: () async throws -> Void
    ) async throws {
        var patience = ContinuousClock.now + .seconds(3)
        try await eventually(within: Self.deadline, "\(what): \(event.text) is answered") {
            if try await replies(to: event) > 0 { return true }
            if ContinuousClock.now > patience {
                patience = .now + .seconds(3)
                try await again()
            }
            return false
        }
    }

    private func replies(to event: ChannelEvent) async throws -> Int {
        replies(to: event, among: try await walk.people.ofBot(in: Self.chat))
    }

    /// Where a file is shown, its name stands too.
    private func replies(to event: ChannelEvent, among shown: [JSONValue]) -> Int {
        shown.count { message in
            walk.text(message).contains(event.reply) && !isDraft(message)
                && message[key: "files"]?.array?.isEmpty != false
        }
    }

    /// What a dead host has shown of a message while it was written may stay.
    private func isDraft(_ message: JSONValue) -> Bool { walk.text(message).hasSuffix(" …") }

    // MARK: - The books

    /// Every event was answered once, or twice with a mark where the platform has no keys, each file came once, and nothing
    /// of any conversation is left open; answers with how many were answered twice.
    private func check() async throws -> Int {
        try await eventually(within: Self.deadline, "no session is marked") {
            try await host.verbs.sql("data/nanoclaw.db", "SELECT 1 FROM dirty").isEmpty
        }
        #expect(try await host.verbs.sql("data/nanoclaw.db", "SELECT 1 FROM sessions WHERE status <> 'active'") == [])
        let shown = try await walk.people.ofBot(in: Self.chat)
        let names = shown.flatMap { $0[key: "files"]?.array ?? [] }.compactMap { $0[key: "name"]?.string }
        var repeated = 0
        for event in events.withLock({ $0 }) {
            let (marked, tries) = (try await marks(event.token), try await tries(event.token))
            let count = replies(to: event, among: shown)
            // One life of the host ends with an event, and shows one.
            let drafts = shown.count { walk.text($0).contains(event.token) && isDraft($0) }
            #expect(drafts <= 1, "\(walk.platform.name): \(event.text) has left \(drafts) drafts")
            if count == 2, marked > 0, !walk.platform.hasKeys {
                repeated += 1
            } else if count != 1 {
                Issue.record(
                    "\(walk.platform.name): \(event.text) was answered \(count) times\n\(try await walk.story())"
                )
            }
            for (name, text) in event.files {
                #expect(try stored(text) == 1, "\(walk.platform.name): \(name) of \(event.text)")
            }
            if event.kind == .request {
                // Each repetition of the turn sends it again, and so does an outcome that nobody knows.
                let sent = names.count { $0 == "\(event.token).txt" }
                #expect((1...1 + tries + marked).contains(sent), "\(walk.platform.name): \(event.text): \(sent) files")
            }
        }
        let media = "\(host.home)/data/media"
        #expect(try FileManager.default.contentsOfDirectory(atPath: media) == [], "\(walk.platform.name)")
        return repeated
    }

    /// How many of the messages with the token are marked as of unknown outcome.
    private func marks(_ token: String) async throws -> Int {
        try await host.inSessions(
            "SELECT 1 FROM deliveries WHERE content LIKE '%\(token)%' AND error LIKE 'outcome unknown%'"
        ).count
    }

    private func tries(_ token: String) async throws -> Int {
        try await host.inSessions("SELECT coalesce(sum(tries), 0) FROM messages_in WHERE content LIKE '%\(token)%'")
            .compactMap { Int($0) }.reduce(0, +)
    }

    /// How many files of sessions hold just this.
    private func stored(_ text: String) throws -> Int {
        let sessions = "\(host.home)/data/sessions"
        let files = FileManager.default.enumerator(atPath: sessions)?.allObjects as? [String] ?? []
        return files.count { file in
            file.contains("/inbound/inbox/")
                && FileManager.default.contents(atPath: "\(sessions)/\(file)") == Data(text.utf8)
        }
    }
}
