import ChannelNetwork
import Core

/// Shows that the agent is at work: "is thinking…" beneath a thread, and an emoji on the newest message outside of threads,
/// where Slack has nothing of the kind.
///
/// Slack keeps the words for two minutes or until a message of the bot's comes into the thread; an emoji stays.
actor SlackTyping {
    private struct Place: Hashable {
        var conversation: String
        var thread: String
    }

    private static let again = Duration.seconds(60)
    private static let most = 256
    /// One that agents hardly put on a message themselves: it is taken away again.
    private static let emoji = "hourglass_flowing_sand"
    /// Attempts to take it away, and what they are apart.
    private static let attempts = 4
    private static let pause = Duration.seconds(5)

    private let api: SlackAPI
    private let time: any TimeSource
    private var shownAt: [Place: Duration] = [:]
    /// The newest message outside of threads, by conversation.
    private var newest = BoundedCache<String, String>(most: 512)
    /// The message that has the emoji, by conversation.
    private var marked: [String: String] = [:]

    init(api: SlackAPI, time: any TimeSource) {
        self.api = api
        self.time = time
    }

    /// A message has come.
    func heard(_ message: SlackMessage) {
        guard message.thread == nil, message.ts > newest[message.conversation] ?? "" else { return }
        newest[message.conversation] = message.ts
    }

    func show(_ target: SlackSender.Target) async {
        guard let thread = target.thread else { return await mark(target.conversation) }
        let place = Place(conversation: target.conversation, thread: thread)
        let now = time.monotonic
        if let shown = shownAt[place], now - shown < Self.again { return }
        if shownAt.count >= Self.most { shownAt = shownAt.filter { now - $0.value < Self.again } }
        guard shownAt.count < Self.most else { return }
        // Also when it fails: what cannot be shown is not asked for every few seconds.
        shownAt[place] = now
        await setStatus("is thinking…", at: place)
    }

    /// A message has come into the thread: Slack shows nothing any more.
    func posted(_ target: SlackSender.Target) {
        guard let thread = target.thread else { return }
        shownAt[Place(conversation: target.conversation, thread: thread)] = nil
    }

    /// Nobody is at work any more.
    func end(_ target: SlackSender.Target) async {
        guard let thread = target.thread else { return await unmark(target.conversation) }
        let place = Place(conversation: target.conversation, thread: thread)
        guard shownAt.removeValue(forKey: place) != nil else { return }
        await setStatus("", at: place)
    }

    private func setStatus(_ words: String, at place: Place) async {
        await ask(
            "assistant.threads.setStatus",
            ["channel_id": place.conversation, "thread_ts": place.thread, "status": words]
        )
    }

    /// The message that was the newest when the work began keeps the emoji until it ends.
    private func mark(_ conversation: String) async {
        guard let ts = newest[conversation], marked[conversation] == nil, marked.count < Self.most else { return }
        marked[conversation] = ts
        await ask("reactions.add", ["channel": conversation, "timestamp": ts, "name": Self.emoji])
    }

    private func unmark(_ conversation: String) async {
        guard let ts = marked.removeValue(forKey: conversation) else { return }
        for attempt in 1...Self.attempts {
            let fields: KeyValuePairs<String, String?> = ["channel": conversation, "timestamp": ts, "name": Self.emoji]
            if await ask("reactions.remove", fields) || attempt == Self.attempts { return }
            // Cancelled with the host: then it stays, as docs/channels.md says.
            guard (try? await time.sleep(for: Self.pause * attempt)) != nil else { return }
        }
    }

    /// For eyes only: false when it is worth another try.
    @discardableResult
    private func ask(_ method: String, _ fields: KeyValuePairs<String, String?>) async -> Bool {
        do {
            _ = try await api.call(method, fields, deadline: .seconds(5))
            return true
        } catch {
            if case .refused = error.code { return true }
            return false
        }
    }
}
