import Core
import Testing

@testable import ChannelTelegram

@Suite struct `Texts of Telegram` {
    private static let bot = TelegramBot(id: 4242, username: "Judge_Bot")

    private static func entity(
        _ type: String,
        _ offset: Int,
        _ length: Int,
        url: String? = nil,
        user: Int64? = nil
    ) -> TelegramEntity {
        let user = user.map { TelegramUser(id: $0, isBot: true, firstName: "J") }
        return TelegramEntity(type: type, offset: offset, length: length, url: url, user: user)
    }

    private static let cases: [(text: String, entities: [TelegramEntity], read: String, isMention: Bool)] = [
        ("@judge_bot hello", [entity("mention", 0, 10)], "hello", true),
        ("hello @judge_bot", [entity("mention", 6, 10)], "hello @judge_bot", true),
        ("@judge_bot", [entity("mention", 0, 10)], "@judge_bot", true),
        ("@judge_bots hello", [entity("mention", 0, 11)], "@judge_bots hello", false),
        // Without the entity it is only letters: in code, or inside a longer word.
        ("@judge_bot hello", [], "@judge_bot hello", false),
        // Each of these emoji has two units, the flag four.
        ("🎉🇩🇪 @judge_bot hi", [entity("mention", 7, 10)], "🎉🇩🇪 @judge_bot hi", true),
        ("Judge, do it", [entity("text_mention", 0, 5, user: 4242)], ", do it", true),
        ("Judge, do it", [entity("text_mention", 0, 5, user: 1)], "Judge, do it", false),
        ("/stop@judge_bot now", [entity("bot_command", 0, 15)], "/stop now", true),
        ("/stop@other_bot now", [entity("bot_command", 0, 15)], "/stop@other_bot now", false),
        ("/stop now", [entity("bot_command", 0, 5)], "/stop now", false),
        (
            "see here now", [entity("text_link", 4, 4, url: "https://a.example/")], "see here (https://a.example/) now",
            false
        ),
        ("run x", [entity("pre", 4, 1)], "run ```\nx\n```", false),
        ("bold", [entity("bold", 0, 4)], "bold", false),
        ("short", [entity("mention", 3, 10), entity("mention", -1, 2), entity("mention", 0, .max)], "short", false),
    ]

    @Test(arguments: cases)
    func `entities say what is meant`(
        text: String,
        entities: [TelegramEntity],
        read: String,
        isMention: Bool
    ) {
        let found = TelegramText(text, entities, bot: Self.bot)
        #expect(found.text == read)
        #expect(found.isMention == isMention)
    }

    @Test func `a bot without a name is mentioned by nobody`() {
        let found = TelegramText("@ hello", [Self.entity("mention", 0, 1)], bot: TelegramBot(id: 4242, username: ""))
        #expect(!found.isMention)
    }
}
