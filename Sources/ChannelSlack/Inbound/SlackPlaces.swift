package import ChannelKit
import Core
package import Logging

/// The newest message that was handed over of each conversation and thread, across restarts: what was said while no
/// socket stood is read from there on.
package actor SlackPlaces {
    /// A conversation, or a thread in it.
    package struct Place: Sendable, Hashable {
        package var conversation: String
        package var thread: String?

        package init(_ conversation: String, thread: String? = nil) {
            self.conversation = conversation
            self.thread = thread
        }

        init(key: String) {
            let parts = key.split(separator: " ", maxSplits: 1).map(String.init)
            self.init(parts.first ?? "", thread: parts.count == 2 ? parts[1] : nil)
        }

        var key: String { thread.map { "\(conversation) \($0)" } ?? conversation }
    }

    /// Places that are remembered: the newest.
    private static let most = 64
    /// How long before the newest message of all a place must have been active to be looked at.
    private static let active = Duration.seconds(3600)
    private static let stateKey = "places"
    /// Holds the time of the first start, until the first message.
    private static let start = Place("")

    private let state: any ChannelState
    private let logger: Logger
    private var newest: [Place: String] = [:]
    private var isChanged = false
    private var isSaving = false

    package init(state: any ChannelState, logger: Logger) {
        self.state = state
        self.logger = logger
    }

    /// Reads what an earlier life has left.
    package func load() async {
        guard let text = try? await state.value(Self.stateKey), let json = try? JSONValue(parsing: text) else { return }
        for (key, value) in json.object ?? [:] {
            guard let ts = value.string, SlackIDs.isTimestamp(ts) else { continue }
            let place = Place(key: key)
            if newest[place].map({ $0 < ts }) ?? true { newest[place] = ts }
        }
    }

    /// A message was handed over.
    package func note(_ ts: String, at place: Place) async {
        if let known = newest[place], known >= ts { return }
        newest[place] = ts
        if place != Self.start { newest[Self.start] = nil }
        if newest.count > Self.most, let oldest = newest.min(by: { $0.value < $1.value }) {
            newest[oldest.key] = nil
        }
        isChanged = true
        await save()
    }

    /// The ts of the newest message of all, or of the account's first start.
    package var last: String? { newest.values.max() }

    /// Notes when the account was first started: what was said before is not read.
    package func begin(at ts: String) async {
        guard newest.isEmpty else { return }
        await note(ts, at: Self.start)
    }

    /// The places that were active lately, by conversation, with the ts of their newest message.
    package func active() -> [String: [(thread: String?, ts: String)]] {
        guard let last, let time = SlackIDs.time(last) else { return [:] }
        let since = SlackIDs.ts(time - Self.active)
        var found: [String: [(thread: String?, ts: String)]] = [:]
        for (place, ts) in newest where ts >= since && place != Self.start {
            found[place.conversation, default: []].append((place.thread, ts))
        }
        return found
    }

    /// One writer; what changes meanwhile is written by it afterwards.
    private func save() async {
        guard !isSaving else { return }
        isSaving = true
        defer { isSaving = false }
        while isChanged {
            isChanged = false
            let json = JSONValue.object(
                Dictionary(uniqueKeysWithValues: newest.map { ($0.key.key, .string($0.value)) })
            )
            do {
                try await state.set(Self.stateKey, try json.text())
            } catch {
                logger.warning("Slack's newest messages are not remembered", metadata: ["error": "\(error)"])
            }
        }
    }
}
