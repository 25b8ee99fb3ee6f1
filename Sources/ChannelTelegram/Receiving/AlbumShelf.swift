import ChannelKit
import ChannelNetwork
import Core

/// Albums of which more parts may come: the platform sends each part by itself.
///
/// Parts are stored before they count as taken, so that none is lost when the host ends in between, and are remembered
/// for a while after, because the platform tells again what was not confirmed.
actor AlbumShelf {
    /// The parts of one album so far.
    struct Album: Sendable, Codable, Equatable {
        var chat: Int64
        var group: String
        var parts: [TelegramMessage]

        /// True when the part is one of it, or may become one.
        func takes(_ part: TelegramMessage) -> Bool {
            part.mediaGroup == group && (parts.count < AlbumShelf.mostParts || parts.contains { $0.id == part.id })
        }
    }

    /// How long after its newest part an album is whole.
    static let patience: Duration = .seconds(1)
    /// No album has more parts.
    static let mostParts = 10
    private static let key = "albums"
    private static let takenKey = "albums-taken"
    /// Parts of albums in one answer of the platform at most.
    private static let mostTaken = PollPlan.largestLimit

    private let state: any ChannelState
    private let time: any TimeSource
    private var albums: [Album] = []
    private var wholeAt: [String: Duration] = [:]
    /// The newest parts that the host has.
    private var taken: [String] = []
    private let writing = Turnstile<Int>()

    init(state: any ChannelState, time: any TimeSource) {
        self.state = state
        self.time = time
    }

    /// Takes up what an earlier life has left; further parts may wait on the platform.
    func load() async throws {
        // What cannot be read was written by another version: it is not worth a link that never comes about.
        taken = try await state.value(Self.takenKey).flatMap { try? JSONText.decode([String].self, $0) } ?? []
        albums = try await state.value(Self.key).flatMap { try? JSONText.decode([Album].self, $0) } ?? []
        for album in albums { wholeAt[album.group] = time.monotonic + Self.patience }
    }

    /// True when the host has the part already, with its album.
    func wasTaken(_ part: TelegramMessage) -> Bool { taken.contains(Self.name(part)) }

    private static func name(_ part: TelegramMessage) -> String { "\(part.chat.id):\(part.id)" }

    /// Puts a part to its album; durable when it returns.
    func add(_ part: TelegramMessage, group: String) async throws {
        if let index = albums.firstIndex(where: { $0.group == group && $0.chat == part.chat.id }) {
            // The same part comes again when its taking was not confirmed.
            if !albums[index].parts.contains(where: { $0.id == part.id }) { albums[index].parts.append(part) }
        } else {
            albums.append(Album(chat: part.chat.id, group: group, parts: [part]))
        }
        wholeAt[group] = time.monotonic + Self.patience
        try await store()
    }

    /// The album of this chat, unless it takes this part.
    func album(of chat: Int64, besides part: TelegramMessage?) -> Album? {
        albums.first { album in album.chat == chat && part.map { !album.takes($0) } ?? true }
    }

    /// Chats with an album that is whole by now.
    func due() -> Set<Int64> {
        let now = time.monotonic
        return Set(albums.filter { wholeAt[$0.group] ?? now <= now }.map(\.chat))
    }

    /// The album of this chat that is whole by now.
    func dueAlbum(of chat: Int64) -> Album? {
        let now = time.monotonic
        return albums.first { $0.chat == chat && wholeAt[$0.group] ?? now <= now }
    }

    /// When the next album is whole; nil without any.
    var nextDue: Duration? { albums.map { wholeAt[$0.group] ?? .zero }.min() }

    /// Forgets an album that was handed over.
    func remove(_ album: Album) async throws {
        taken = (taken + album.parts.map(Self.name)).suffix(Self.mostTaken)
        // Before the album goes: in one of the two each part is always known.
        try await writing.pass(0) {
            let taken = await self.taken
            try await self.state.set(Self.takenKey, try JSONText.encode(taken))
        }
        albums.removeAll { $0.group == album.group && $0.chat == album.chat }
        wholeAt[album.group] = nil
        try await store()
    }

    /// Tries an album once more at this time.
    func postpone(_ chat: Int64, by pause: Duration) {
        for album in albums where album.chat == chat { wholeAt[album.group] = time.monotonic + pause }
    }

    private func store() async throws {
        // One after the other, and each writes what is true when its turn comes: an older list never wins.
        try await writing.pass(0) {
            let albums = await self.albums
            try await self.state.set(Self.key, albums.isEmpty ? nil : try JSONText.encode(albums))
        }
    }
}
