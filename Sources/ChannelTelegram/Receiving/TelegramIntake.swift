import ChannelKit
import ChannelNetwork
import Core
import LinuxIO
import Logging
import Synchronization

/// Hands what the platform tells over to the host: events of a chat in order, albums as one, files with their messages.
final class TelegramIntake: Sendable {
    private let reader: TelegramReader
    private let api: TelegramAPI
    private let inbox: any ChannelInbox
    private let fetcher: TelegramFetcher
    private let shelf: AlbumShelf
    private let tools: ChannelTools
    private let turns = Turnstile<Int64>()
    private let seen = Mutex(SeenTexts())
    /// Raised when an album was begun.
    private let alarm = Alarm()

    init(_ bot: TelegramBot, _ api: TelegramAPI, _ inbox: any ChannelInbox, _ tools: ChannelTools) {
        reader = TelegramReader(bot: bot)
        self.api = api
        self.inbox = inbox
        self.tools = tools
        fetcher = TelegramFetcher(api: api, media: tools.media, time: tools.time, logger: tools.logger)
        shelf = AlbumShelf(state: tools.state, time: tools.time)
    }

    /// Takes up what an earlier life has left; before anything else.
    func open() async throws { try await shelf.load() }

    /// Takes an update: it is durable or dropped for good when this returns, and to be told again when it throws.
    func take(_ update: TelegramUpdate) async throws {
        guard let chat = update.chat else {
            if case .unreadable(let why) = update.content {
                tools.logger.error("An update cannot be read", metadata: ["update": "\(update.id)", "why": "\(why)"])
            }
            if case .press(let press) = update.content { await answer(press.id, nil) }
            return
        }
        try await turns.pass(chat) { try await self.takeInTurn(update, chat) }
    }

    private func takeInTurn(_ update: TelegramUpdate, _ chat: Int64) async throws {
        var part: TelegramMessage?
        if case .message(let message) = update.content, message.mediaGroup != nil {
            if await shelf.wasTaken(message) { return }
            part = message
        }
        while let before = await shelf.album(of: chat, besides: part) { try await handOver(before) }
        if let part, let group = part.mediaGroup {
            try await shelf.add(part, group: group)
            crashPoint("channel.telegram-album-kept")
            alarm.raise()
            return
        }
        if case .edited(let message) = update.content, seen.withLock({ $0.holds(message) }) { return }
        for meaning in reader.read(update) { try await handOver(meaning) }
        switch update.content {
        case .edited(let message), .message(let message): seen.withLock { $0.note(message) }
        default: break
        }
    }

    // MARK: - Albums

    /// Hands albums over once they are whole, until cancelled.
    func keepAlbums() async throws {
        while true {
            try Task.checkCancellation()
            if let due = await shelf.nextDue {
                let pause = due - tools.time.monotonic
                if pause > .zero { await alarm.wait(for: pause, time: tools.time) }
            } else {
                await alarm.wait(for: .seconds(3600), time: tools.time)
            }
            for chat in await shelf.due() { try await handOverDue(chat) }
        }
    }

    private func handOverDue(_ chat: Int64) async throws {
        do {
            try await turns.pass(chat) {
                while let album = await self.shelf.dueAlbum(of: chat) { try await self.handOver(album) }
            }
        } catch {
            try Task.checkCancellation()
            tools.logger.warning("An album could not be stored and waits", metadata: ["why": "\(error)"])
            await shelf.postpone(chat, by: .seconds(5))
        }
    }

    private func handOver(_ album: AlbumShelf.Album) async throws {
        for meaning in reader.read(album.parts.sorted { $0.id < $1.id }) { try await handOver(meaning) }
        for part in album.parts { seen.withLock { $0.note(part) } }
        crashPoint("channel.telegram-album-handed")
        try await shelf.remove(album)
    }

    // MARK: - Handing over

    private func handOver(_ meaning: TelegramReader.Meaning) async throws {
        switch meaning {
        case .message(let event, let offers): try await handOver(event, offers)
        case .change(let change): try await inbox.note(change)
        case .answer(let answer, let press):
            crashPoint("channel.telegram-pressed")
            let receipt = try await inbox.answer(answer)
            crashPoint("channel.telegram-answered")
            switch receipt {
            case .taken: await self.answer(press, nil)
            case .refused(let why): await self.answer(press, why)
            }
        case .strayPress(let press): await answer(press, nil)
        case .own(let id): tools.echoes.saw("\(id)")
        }
    }

    private func handOver(_ event: InboundEvent, _ offers: [TelegramOffer]) async throws {
        guard !offers.isEmpty else { return try await inbox.accept(event) }
        let fetched = try await fetcher.fetch(offers)
        crashPoint("channel.telegram-fetched")
        var event = event
        event.attachments = fetched.files
        let lines = (event.content.text.isEmpty ? [] : [event.content.text]) + fetched.notes
        event.content.text = lines.joined(separator: "\n")
        do {
            try await inbox.accept(event)
        } catch {
            await tools.media.remove(fetched.files)
            throw error
        }
        await tools.media.remove(fetched.files)
    }

    /// Ends the spinner of a button, with words where there are some.
    private func answer(_ press: String, _ words: String?) async {
        var parameters: [String: JSONValue] = ["callback_query_id": .string(press)]
        // At most 200 characters, whatever it counts as one.
        parameters["text"] = words.map { .string(String(decoding: $0.utf16.prefix(200), as: UTF16.self)) }
        do {
            _ = try await api.call("answerCallbackQuery", parameters, deadline: .seconds(10))
        } catch {
            tools.logger.debug("A press was not answered", metadata: ["why": "\(error)"])
        }
    }
}
