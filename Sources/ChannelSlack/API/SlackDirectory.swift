package import Core

/// Names of people and channels, asked once and remembered for an hour: at most 2,048 of either.
package actor SlackDirectory {
    private struct Entry<Value: Sendable> {
        var value: Value?
        var until: Duration
    }

    private static let most = 2048
    private static let kept = Duration.seconds(3600)
    /// How long a name that could not be had is not asked for again.
    private static let pause = Duration.seconds(60)

    private let api: SlackAPI
    private let time: any TimeSource
    private var people: [String: Entry<SlackPerson>] = [:]
    private var channels: [String: Entry<String>] = [:]

    package init(api: SlackAPI, time: any TimeSource) {
        self.api = api
        self.time = time
    }

    /// How many people are remembered.
    package var size: Int { people.count }

    /// Who has this id; nil when Slack does not say now.
    package func person(_ id: String) async -> SlackPerson? { try? await sender(id) }

    /// Who has this id; nil when Slack will not say.
    ///
    /// Throws while nobody can be asked: the team in the answer is part of a person's stable id, so that it must not depend
    /// on the moment.
    package func sender(_ id: String) async throws(SlackError) -> SlackPerson? {
        guard SlackIDs.isUser(id), !id.hasPrefix("B") else { return nil }
        if let entry = people[id], entry.until > time.monotonic { return entry.value }
        do {
            let reply = try await api.call("users.info", ["user": id], deadline: .seconds(5))
            Self.keep(reply["user"].flatMap(SlackPerson.init), id, in: &people, now: time.monotonic)
        } catch {
            guard error.refusal != nil || people[id]?.value != nil else { throw error }
            Self.keep(nil, id, in: &people, now: time.monotonic)
        }
        return people[id]?.value
    }

    /// The name of a channel; nil when Slack does not say now.
    package func channel(_ id: String) async -> String? {
        if let entry = channels[id], entry.until > time.monotonic { return entry.value }
        let reply = try? await api.call("conversations.info", ["channel": id], deadline: .seconds(2))
        let name = reply?["channel"]?[key: "name"]?.string
        Self.keep(name, id, in: &channels, now: time.monotonic)
        return name ?? channels[id]?.value
    }

    /// The names of all whom a text names.
    func names(in text: String) async -> (users: [String: String], channels: [String: String]) {
        var users: [String: String] = [:]
        var channels: [String: String] = [:]
        for id in SlackText.users(in: text) { users[id] = await person(id)?.name }
        for id in SlackText.channels(in: text) { channels[id] = await channel(id) }
        return (users, channels)
    }

    private static func keep<Value>(
        _ value: Value?,
        _ id: String,
        in table: inout [String: Entry<Value>],
        now: Duration
    ) {
        if table.count >= most, table[id] == nil {
            // The older half goes: it is rare, and the names come back when they are needed.
            let order = table.sorted { $0.value.until < $1.value.until }
            for (old, _) in order.prefix(most / 2) { table[old] = nil }
        }
        table[id] = Entry(value: value ?? table[id]?.value, until: now + (value == nil ? pause : kept))
    }
}
