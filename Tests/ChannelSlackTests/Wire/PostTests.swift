import Core
import Testing

@testable import ChannelSlack

@Suite struct `Posts of Slack's` {
    private let form = "application/x-www-form-urlencoded"

    @Test func `are events, interactions, commands and the try-out of the address`() {
        #expect(
            SlackPost(type: "application/json", body: Array(#"{"type":"url_verification","challenge":"abc"}"#.utf8))
                == .challenge("abc")
        )
        #expect(
            SlackPost(type: "application/json; charset=utf-8", body: Array(#"{"type":"event_callback"}"#.utf8))
                == .delivery(SlackDelivery(kind: .event, payload: ["type": "event_callback"]))
        )
        #expect(
            SlackPost(type: form, body: Array("payload=%7B%22type%22%3A%22block_actions%22%7D".utf8))
                == .delivery(SlackDelivery(kind: .interaction, payload: ["type": "block_actions"]))
        )
        #expect(
            SlackPost(type: form, body: Array("command=%2Fask&text=a+b%26c&empty=".utf8))
                == .delivery(
                    SlackDelivery(kind: .command, payload: ["command": "/ask", "text": "a b&c", "empty": ""])
                )
        )
    }

    @Test(
        "Others are refused",
        arguments: [
            ("application/json", ""), ("application/json", "[]"), ("application/json", "{"),
            ("application/json", #"{"type":"url_verification"}"#), ("application/x-www-form-urlencoded", "payload=%7B"),
            ("application/x-www-form-urlencoded", "a=b"), ("application/x-www-form-urlencoded", ""),
        ]
    )
    func odd(_ type: String, _ body: String) { #expect(SlackPost(type: type, body: Array(body.utf8)) == nil) }

    @Test func `forms keep what is no escape, and the first of a name`() {
        let fields = FormDecoding.fields(Array("a=%zz%4&a=2&b=%C3%A9%F0%9F%8E%89&c&=d".utf8))
        #expect(fields == ["a": "%zz%4", "b": "é🎉", "c": "", "": "d"])
    }
}
