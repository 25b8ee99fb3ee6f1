import ChannelKit
import ChannelNetwork
import Core
import Testing

@testable import ChannelDiscord

@Suite struct OutgoingTests {
    @Test func writesABody() throws {
        let body = MessageBody(content: "a \"b\"\n@everyone", quotes: "7", nonce: "n", files: [])
        #expect(
            body.json
                == #"{"content":"a \"b\"\n@everyone","flags":4,"allowed_mentions":{"parse":[],"replied_user":false},"message_reference":{"message_id":"7","fail_if_not_exists":false},"nonce":"n","enforce_nonce":true}"#
        )
        let file = MessageBody(nonce: "n", files: ["a.txt"])
        #expect(
            file.json
                == #"{"flags":4,"allowed_mentions":{"parse":[],"replied_user":false},"attachments":[{"id":"0","filename":"a.txt"}],"nonce":"n","enforce_nonce":true}"#
        )
        #expect(MessageBody(content: "x", rows: []).json.contains(#""components":[]"#))
        #expect(MessageBody.callback(type: 6) == #"{"type":6}"#)
        #expect(MessageBody.callback(type: 5, isPrivate: true) == #"{"type":5,"data":{"flags":64}}"#)
    }

    @Test func makesButtonsOfACard() {
        let card = Card(
            id: CardID(unchecked: "cd_1"),
            title: "T",
            body: "",
            options: [
                CardOption(label: "Yes", value: "y", style: .primary),
                CardOption(label: "Read", value: "", url: "https://example.org"),
                CardOption(label: String(repeating: "x", count: 90), value: "n", style: .danger),
                CardOption(label: "Odd", value: "", url: "file:///etc/passwd"),
                CardOption(label: "Later", value: "l"),
            ]
        )
        let row = Button.rows(of: card).first ?? []
        #expect(Button.rows(of: card).count == 1)
        #expect(row.map(\.id) == ["cd_1:0", nil, "cd_1:1", "cd_1:2"])
        #expect(row.map(\.style) == [1, 5, 4, 2])
        #expect(row[1].url == "https://example.org")
        #expect(row[2].label.count == 80)
        #expect(!Button.canShow(card))
    }

    @Test func breaksManyButtonsIntoRows() {
        let options = (0..<40).map { CardOption(label: "\($0)", value: "\($0)") }
        let card = Card(title: "T", body: "", options: options)
        #expect(Button.rows(of: card).map(\.count) == [5, 5, 5, 5, 5])
        #expect(!Button.canShow(card))
        #expect(Button.canShow(Card(title: "T", body: "", options: Array(options.prefix(25)))))
    }

    @Test func aNonceIsShortAndStable() {
        let first = Nonce.of("m_abcdefghijklmnopqrstuvwxyz-0")
        #expect(first == Nonce.of("m_abcdefghijklmnopqrstuvwxyz-0"))
        #expect(first != Nonce.of("m_abcdefghijklmnopqrstuvwxyz-1"))
        #expect(first.utf8.count == 25)
    }

    @Test func readsAddressesOfItsOwnAccountOnly() throws {
        func address(_ id: String, _ thread: String? = nil, channel: String = "discord") -> ChatAddress {
            ChatAddress(channel: channel, platformID: id, thread: thread)
        }
        let thread = try DiscordAddress(address("discord:500:300/400", "9"), account: "500")
        #expect(thread == DiscordAddress(guild: "300", channel: "400", thread: "9"))
        #expect(thread.target == "9")
        let direct = try DiscordAddress(address("discord:500:@me/8"), account: "500")
        #expect(direct == DiscordAddress(guild: nil, channel: "8"))
        #expect(direct.target == "8")
        for wrong in [
            address("discord:501:300/400"), address("discord:500:400"), address("discord:500:300/400/5"),
            address("discord:500:x/400"), address("discord:500:300/../5"), address("discord:500:300/400", "a"),
            address("discord:500:300/400", channel: "slack"), address(""),
        ] {
            #expect(throws: ChannelError.self) { try DiscordAddress(wrong, account: "500") }
        }
    }

    @Test func encodesPaths() {
        #expect(
            DiscordRoute.react("👀", to: "2", in: "1").path
                == "/channels/1/messages/2/reactions/%F0%9F%91%80/@me"
        )
        #expect(DiscordRoute.react("cat:55", to: "2", in: "1").path.contains("cat%3A55"))
    }

    @Test func knowsWhatAnErrorMeans() {
        func error(_ status: Int, _ body: String) -> DiscordError {
            DiscordError(HTTPReply(status: status, body: Array(body.utf8)), .send("1"))
        }
        #expect(error(401, "").code == .unauthorized)
        #expect(
            error(403, #"{"code":50007,"message":"Cannot send messages to this user"}"#).code == .forbidden(code: 50007)
        )
        #expect(error(404, #"{"code":10003}"#).code == .missing(code: 10003))
        #expect(error(400, #"{"code":40005}"#).code == .tooLarge)
        #expect(error(413, "").code == .tooLarge)
        #expect(error(502, "<html>").code == .server)
        #expect(error(504, "<html>").code == .uncertain)
        let fault = error(
            400,
            #"{"code":50035,"message":"Invalid Form Body","errors":{"content":{"_errors":[{"code":"BASE_TYPE_MAX_LENGTH","message":"Must be 2000 or fewer in length."}]}}}"#
        )
        #expect(fault.code == .invalid(code: 50035))
        #expect(fault.message.contains("content: Must be 2000 or fewer in length."))
        #expect(fault.message.contains("POST /channels/:id/messages"))
    }
}
