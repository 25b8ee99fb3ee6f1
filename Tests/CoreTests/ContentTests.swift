import Core
import Testing

struct ContentTests {
    @Test func `every inbound content comes back from its JSON`() throws {
        let contents: [InboundContent] = [
            .chat(
                ChatContent(
                    text: "hi \"<&>\"\n\u{1F600}",
                    sender: "Ann",
                    senderID: UserID(channel: "cli", native: "0"),
                    replyTo: .init(platformMessageID: "7", sender: "Bo", text: "what?", isFromAgent: true),
                    attachments: [
                        .init(type: "image", name: "a.png", mediaType: "image/png", size: 3, path: "inbox/m/a.png")
                    ]
                )
            ),
            .task(TaskContent(prompt: "water the plants", script: "true")),
            .webhook(WebhookContent(source: "ci", event: "failed", payload: "{\"a\":1}")),
            .system(SystemContent(action: "on_wake", status: "ok", about: nil, text: "back")),
        ]
        for content in contents {
            let json = try content.json()
            #expect(try InboundContent(kind: content.kind, json: json.utf8) == content)
            #expect(try content.json() == json)
        }
    }

    @Test func `every outbound content comes back from its JSON`() throws {
        let contents: [OutboundContent] = [
            .chat(OutboundChat(text: "x", files: ["a", "b"])),
            .edit(OutboundEdit(seq: 3, text: "y")),
            .reaction(OutboundReaction(seq: 2, emoji: "👍")),
            .system(OutboundAction(action: "restart", arguments: "{}")),
        ]
        for content in contents {
            #expect(try OutboundContent(kind: content.kind, json: content.json().utf8) == content)
        }
    }

    @Test func `content of the wrong shape is refused with the place`() {
        let error = #expect(throws: CoreError.self) {
            try OutboundContent(kind: .edit, json: #"{"seq":"three","text":"x"}"#.utf8)
        }
        #expect(error?.code == .invalidContent)
        #expect(error?.message.contains("seq") == true)
    }

    @Test func `a live event comes back from its JSON`() throws {
        let event = LiveEvent(turn: .random(), number: 4, body: .textChunk(destination: "cli", text: "hel"))
        #expect(try JSONText.decode(LiveEvent.self, JSONText.encode(event)) == event)
    }

    @Test func `an agent configuration comes back from its JSON`() throws {
        var configuration = AgentConfiguration(agentGroupID: .random(), agentName: "Andy", timeZone: "Europe/Berlin")
        configuration.limits.idleSeconds = 7
        configuration.tools.denied = ["shell"]
        #expect(try JSONText.decode(AgentConfiguration.self, JSONText.encode(configuration)) == configuration)
    }
}
