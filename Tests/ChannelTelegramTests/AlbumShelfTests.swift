import ChannelConformance
import ChannelKit
import Core
import Logging
import TestSupport
import Testing

@testable import ChannelTelegram

@Suite struct `Albums of Telegram` {
    private func part(_ id: Int64, of group: String? = "g", chat: Int64 = 1) -> TelegramMessage {
        TelegramMessage(id: id, chat: TelegramChat(id: chat, type: "private"), date: 0, mediaGroup: group)
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
        #expect(await shelf.album(of: 1, besides: part(2)) == nil)
        #expect(await shelf.album(of: 2, besides: nil) == nil)
        #expect(await shelf.album(of: 1, besides: part(2, of: "h"))?.group == "g")
        #expect(await shelf.album(of: 1, besides: nil)?.group == "g")
        for id in 2...10 { try await shelf.add(part(Int64(id)), group: "g") }
        // No album has more parts: the next begins another one, and one of these that is told again does not.
        #expect(await shelf.album(of: 1, besides: part(11))?.parts.count == 10)
        #expect(await shelf.album(of: 1, besides: part(10)) == nil)
    }

    @Test func `parts that are told again after their album went to the host are known, also in the next life`()
        async throws
    {
        let state = MemoryChannelState()
        let first = AlbumShelf(state: state, time: ManualTime())
        for id in 1...10 { try await first.add(part(Int64(id)), group: "g") }
        #expect(await !first.wasTaken(part(10)))
        try await first.remove(try #require(await first.album(of: 1, besides: nil)))
        let second = AlbumShelf(state: state, time: ManualTime())
        try await second.load()
        for shelf in [first, second] {
            #expect(await shelf.wasTaken(part(1)))
            #expect(await shelf.wasTaken(part(10)))
            #expect(await !shelf.wasTaken(part(11)))
            #expect(await !shelf.wasTaken(part(1, chat: 2)))
        }
    }

    @Test func `an album that is told again is no second message`() async throws {
        func update(_ id: Int64, _ fields: String) throws -> TelegramUpdate {
            let sender = #"{"id":1001,"is_bot":false,"first_name":"A"}"#
            let message = #""message_id":\#(id),"date":1,"chat":{"id":1001,"type":"private"},"from":\#(sender)"#
            return try JSONText.decode(
                TelegramUpdate.self,
                #"{"update_id":\#(id),"message":{\#(message),\#(fields)}}"#
            )
        }
        try await withTemporaryDirectory { folder in
            let logger = Logger(label: "telegram") { _ in SwiftLogNoOpLogHandler() }
            let tools = try ChannelTools.forTests(folder: folder, logger: logger)
            let inbox = RecordingInbox()
            let intake = TelegramIntake(
                TelegramBot(id: 4242, username: "bot"),
                TelegramAPI(http: tools.http, base: "http://127.0.0.1:9", token: "4242:x"),
                inbox,
                tools
            )
            let album = [
                try update(1, #""media_group_id":"g","caption":"one""#),
                try update(2, #""media_group_id":"g","caption":"two""#),
            ]
            for part in album { try await intake.take(part) }
            try await intake.take(try update(3, #""text":"behind""#))
            for part in album { try await intake.take(part) }
            try await intake.take(try update(4, #""text":"last""#))
            #expect(await inbox.events.map(\.content.text) == ["one\ntwo", "behind", "last"])
        }
    }

    @Test func `the rest of an album that a crash has cut still comes to it`() async throws {
        let state = MemoryChannelState()
        try await AlbumShelf(state: state, time: ManualTime()).add(part(1), group: "g")
        let time = ManualTime()
        let next = AlbumShelf(state: state, time: time)
        try await next.load()
        #expect(await next.due().isEmpty)
        try await next.add(part(2), group: "g")
        time.advance(by: AlbumShelf.patience)
        #expect(await next.dueAlbum(of: 1)?.parts.map(\.id) == [1, 2])
    }

    @Test func `parts are kept before they count, each once, until they are handed over`() async throws {
        let state = MemoryChannelState()
        let first = AlbumShelf(state: state, time: ManualTime())
        for id in [1, 2, 2, 1] as [Int64] { try await first.add(part(id), group: "g") }
        try await first.add(part(9, of: "h", chat: 5), group: "h")
        let time = ManualTime()
        let second = AlbumShelf(state: state, time: time)
        try await second.load()
        time.advance(by: AlbumShelf.patience)
        #expect(await second.due() == [1, 5])
        let album = try #require(await second.dueAlbum(of: 1))
        #expect(album.parts.map(\.id) == [1, 2])
        try await second.remove(album)
        let third = AlbumShelf(state: state, time: time)
        try await third.load()
        time.advance(by: AlbumShelf.patience)
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
