import ChannelKit
import Core

@testable import ChannelTelegram

enum TelegramEvents {
    private static let reader = TelegramReader(bot: TelegramBot(id: 77, username: "house_bot"))
    private static let chats = TelegramChats(bot: 77)

    static func check(_ body: [UInt8]) {
        guard let update = try? JSONText.decode(TelegramUpdate.self, body) else { return }
        if case .message(let message) = update.content {
            guard let stored = try? JSONText.encode(message),
                let again = try? JSONText.decode(TelegramMessage.self, stored)
            else { violated("a part of an album is read again") }
            require(again == message, "a part of an album that is stored is the same part")
            check(reader.read([message, again]))
        }
        check(reader.read(update))
    }

    private static func check(_ meanings: [TelegramReader.Meaning]) {
        for meaning in meanings {
            switch meaning {
            case .message(let event, let files):
                EventCheck.event(event, "telegram", account: "77")
                require(chats.chat(event.address) != nil, "the chat's number is read back: \(event.address)")
                require(!event.content.text.isEmpty || !files.isEmpty, "a message says something")
                for file in files { require(!file.note("why").isEmpty, "a file is told of") }
            case .change(let change): EventCheck.change(change, "telegram", account: "77")
            case .answer(let answer, let press):
                EventCheck.answer(answer, "telegram", account: "77")
                require(!press.isEmpty, "a press has an id")
            case .strayPress, .own: break
            }
        }
    }
}
