import ChannelKit
import Core
import Logging

/// Posts that the account has begun in forums, across restarts: a message of a post lies in the post, which the address of
/// the forum does not name.
actor ForumPosts {
    /// What is known of a delivery, by its key, or of a message, by its id.
    enum Known: Codable, Equatable {
        /// It is in this post.
        case post(String)
        /// It may have begun a post, whose id is no lower than this one: the answer is not here.
        case attempt(since: String)
    }

    private struct Entry: Codable {
        var name: String
        var known: Known
    }

    private static let most = 256
    private static let stateKey = "forum.posts"

    private let state: any ChannelState
    private let logger: Logger
    private var isLoaded = false
    private var entries: [Entry] = []
    private var saving: Task<Void, Never>?

    init(state: any ChannelState, logger: Logger) {
        self.state = state
        self.logger = logger
    }

    func known(_ name: String) async -> Known? {
        await load()
        return entries.first { $0.name == name }?.known
    }

    /// Whether a delivery or message is known to be in a post.
    func isKnown(post: String) async -> Bool {
        await load()
        return entries.contains { $0.known == .post(post) }
    }

    /// Durable when it returns; nil forgets the name, and the oldest of many are forgotten.
    func note(_ known: Known?, of name: String) async {
        await load()
        entries.removeAll { $0.name == name }
        if let known { entries.append(Entry(name: name, known: known)) }
        entries = Array(entries.suffix(Self.most))
        let earlier = saving
        let task = Task {
            await earlier?.value
            await save()
        }
        saving = task
        await task.value
    }

    private func load() async {
        guard !isLoaded else { return }
        do {
            let text = try await state.value(Self.stateKey)
            guard !isLoaded else { return }
            isLoaded = true
            // What another version wrote and this one cannot read is forgotten.
            entries = (text.flatMap { try? JSONText.decode([Entry].self, $0) } ?? []) + entries
        } catch {
            logger.warning("Posts in Discord's forums cannot be looked up", metadata: ["error": "\(error)"])
        }
    }

    private func save() async {
        // What could not be read yet is not written over.
        guard isLoaded else { return }
        do {
            try await state.set(Self.stateKey, try JSONText.encode(entries))
        } catch {
            logger.warning("Posts in Discord's forums are not remembered", metadata: ["error": "\(error)"])
        }
    }
}
