import ChannelKit
import Core
import TestSupport
import Testing

@testable import ChannelTelegram

@Suite struct `Albums of Telegram` {
    private func part(_ id: Int64, chat: Int64 = 1) -> TelegramMessage {
        TelegramMessage(id: id, chat: TelegramChat(id: chat, type: "private"), date: 0)
    }

    @Test func `an album is whole a second after its newest part`() async throws {
        let time = ManualTime()
        let shelf = AlbumShelf(state: MemoryChannelState(), time: time)
        try await shelf.add(part(1), group: "g")
        time.advance(by: .milliseconds(900))
        try await shelf.add(part(2), group: "g")
        time.advance(by: .milliseconds(900))
        #expect(await shelf.due().isEmpty)
        #expect(await shelf.nextDue == .milliseconds(1900))
        time.advance(by: .milliseconds(100))
        #expect(await shelf.due() == [1])
        #expect(await shelf.dueAlbum(of: 1)?.parts.map(\.id) == [1, 2])
    }

    @Test func `what comes behind it in its chat ends it, and what comes in another does not`() async throws {
        let shelf = AlbumShelf(state: MemoryChannelState(), time: ManualTime())
        try await shelf.add(part(1), group: "g")
        #expect(await shelf.album(of: 1, besides: "g") == nil)
        #expect(await shelf.album(of: 2, besides: nil) == nil)
        #expect(await shelf.album(of: 1, besides: "h")?.group == "g")
        #expect(await shelf.album(of: 1, besides: nil)?.group == "g")
        for id in 2...10 { try await shelf.add(part(Int64(id)), group: "g") }
        // No album has more parts: the next begins another one.
        #expect(await shelf.album(of: 1, besides: "g")?.parts.count == 10)
    }

    @Test func `parts are kept before they count, each once, until they are handed over`() async throws {
        let state = MemoryChannelState()
        let first = AlbumShelf(state: state, time: ManualTime())
        for id in [1, 2, 2, 1] as [Int64] { try await first.add(part(id), group: "g") }
        try await first.add(part(9, chat: 5), group: "h")
        let second = AlbumShelf(state: state, time: ManualTime())
        try await second.load()
        #expect(await second.due() == [1, 5])
        let album = try #require(await second.dueAlbum(of: 1))
        #expect(album.parts.map(\.id) == [1, 2])
        try await second.remove(album)
        let third = AlbumShelf(state: state, time: ManualTime())
        try await third.load()
        #expect(await third.due() == [5])
        try await third.remove(try #require(await third.dueAlbum(of: 5)))
        #expect(await state.value("albums") == nil)
    }

    @Test func `what another version has left does not keep the link from standing`() async throws {
        let shelf = AlbumShelf(state: MemoryChannelState(["albums": "no list"]), time: ManualTime())
        try await shelf.load()
        #expect(await shelf.nextDue == nil)
    }
}
