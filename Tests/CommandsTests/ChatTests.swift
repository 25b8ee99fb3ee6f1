import ControlProtocol
import Core
import Testing

@testable import Commands

private let time = Timestamp(milliseconds: 0)

private func reply(_ text: String, to message: MessageID? = nil, turn: TurnID? = nil, position: Int64 = 1) -> ChatFrame
{
    .entry(
        ChatEntry(
            position: position,
            direction: "out",
            id: "m_out",
            name: "Main",
            inReplyTo: message,
            at: time,
            text: text,
            turn: turn
        )
    )
}

private func sent(_ outcomes: String..., session: SessionID? = nil) -> ChatSent {
    ChatSent(
        id: "c1",
        routes: outcomes.map { ChatSent.Route(agent: "Main", outcome: $0, reasons: ["why"], session: session) }
    )
}

@Suite struct `One message and its replies` {
    private let row = MessageID(unchecked: "m_1")
    private let turn = TurnID(unchecked: "t_1")

    @Test func `the replies of the turn are found among those of others`() {
        var collector = TurnCollector(sent("deliver"))
        #expect(collector.take(reply("other", to: MessageID(unchecked: "m_9"), turn: TurnID(unchecked: "t_9"))) == nil)
        #expect(collector.take(reply("progress", turn: turn)) == nil)
        #expect(collector.take(reply("answer", to: row, turn: turn)) == nil)
        let other = ChatFrame.turnEnded(messages: [], platformMessageIDs: ["c9"], outcome: "completed", detail: nil)
        #expect(collector.take(other) == nil)
        let end = collector.take(
            .turnEnded(messages: [row], platformMessageIDs: ["c1"], outcome: "completed", detail: nil)
        )
        #expect(end?.replies.map(\.text) == ["progress", "answer"])
        #expect(end?.problem == nil)
    }

    @Test func `a turn that failed says why and keeps what it said`() {
        var collector = TurnCollector(sent("deliver"))
        _ = collector.take(reply("half", to: row))
        let end = collector.take(
            .turnEnded(messages: [row], platformMessageIDs: ["c1"], outcome: "failed", detail: "no key")
        )
        #expect(end == TurnCollector.End(replies: [replyEntry("half", row)], problem: "the turn failed: no key"))
    }

    @Test func `a message that two agents answer ends with the second turn`() {
        var collector = TurnCollector(sent("deliver", "deliver"))
        let over = ChatFrame.turnEnded(messages: [row], platformMessageIDs: ["c1"], outcome: "completed", detail: nil)
        #expect(collector.take(over) == nil)
        #expect(collector.take(over) == TurnCollector.End(replies: []))
    }

    @Test func `a command that the host answers ends with its answer`() {
        var collector = TurnCollector(sent("stop", session: SessionID(unchecked: "se_1")))
        #expect(collector.take(reply("answer of a turn", to: row)) == nil)
        #expect(collector.take(reply("Stopped."))?.replies.map(\.text) == ["Stopped."])
    }

    @Test func `who waits no longer gets what has come, and the host's notice as the reason`() {
        var collector = TurnCollector(sent("deliver"))
        _ = collector.take(reply("part one", turn: turn))
        _ = collector.take(reply("The model server failed (500)."))
        #expect(collector.soFar.replies.map(\.text) == ["part one"])
        #expect(collector.soFar.problem == "The model server failed (500).")
    }

    private func replyEntry(_ text: String, _ message: MessageID) -> ChatEntry {
        ChatEntry(position: 1, direction: "out", id: "m_out", name: "Main", inReplyTo: message, at: time, text: text)
    }
}

@Suite struct `Conversation` {
    private let row = MessageID(unchecked: "m_1")
    private let turn = TurnID(unchecked: "t_1")

    private func model(_ names: [String] = ["cli"]) -> ChatModel {
        var model = ChatModel(chat: "main")
        _ = model.handle(.frame(.attached(position: 0, names: names)))
        return model
    }

    private func live(_ body: LiveEvent.Body, _ number: Int = 1) -> ChatModel.Event {
        .frame(.live(LiveEvent(turn: turn, number: number, body: body)))
    }

    private func typed(_ text: String, into model: inout ChatModel) -> String {
        _ = model.handle(.key(.text(text)))
        for action in model.handle(.key(.enter)) {
            if case .send(let id, let sentText) = action {
                #expect(sentText == text)
                return id
            }
        }
        Issue.record("nothing was sent")
        return ""
    }

    private func over(_ id: String, _ outcome: String = "completed", _ detail: String? = nil) -> ChatModel.Event {
        .frame(.turnEnded(messages: [row], platformMessageIDs: [id], outcome: outcome, detail: detail))
    }

    @Test func `a host that comes back is told in one line and repeats nothing`() {
        var model = model()
        _ = typed("run sleep 60", into: &model)
        #expect(model.isBusy)
        #expect(!model.handle(.frame(reply("one", position: 7))).isEmpty)
        #expect(
            model.handle(.lost) == [.print(Style.note("the host is gone; waiting for it to come back"))]
        )
        // The next Ctrl-C is no stop of a turn that nobody runs.
        #expect(!model.isBusy)
        let attached = ChatModel.Event.frame(.attached(position: 9, names: ["cli"]))
        #expect(model.handle(attached) == [.print(Style.note("connected again"))])
        #expect(model.handle(.frame(reply("one", position: 7))).isEmpty)
        #expect(!model.handle(.frame(reply("two", position: 8))).isEmpty)
        #expect(model.handle(attached).isEmpty)
    }

    @Test func `Ctrl-C at an empty prompt leaves with 130 and Ctrl-D with 0`() {
        var model = model()
        #expect(model.handle(.key(.interrupt)) == [.leave(130)])
        #expect(model.handle(.key(.endOfInput)) == [.leave(0)])
    }

    @Test func `Ctrl-C throws typed text away and Ctrl-D deletes in it`() {
        var model = model()
        _ = model.handle(.key(.text("ab")))
        _ = model.handle(.key(.home))
        #expect(model.handle(.key(.endOfInput)) == [.prompt])
        #expect(model.buffer.text == "b")
        #expect(model.handle(.key(.interrupt)) == [.prompt])
        #expect(model.buffer.isEmpty)
    }

    @Test func `Ctrl-C during a turn stops it and stays`() {
        var model = model()
        let id = typed("run sleep 60", into: &model)
        #expect(model.isBusy)
        #expect(model.handle(.key(.interrupt)).contains(.stop))
        _ = model.handle(over(id, "stopped"))
        #expect(!model.isBusy)
        #expect(model.handle(.key(.interrupt)) == [.leave(130)])
    }

    @Test func `a turn that another client began is stopped too`() {
        var model = model()
        _ = model.handle(live(.started(messages: [row])))
        #expect(model.handle(.key(.interrupt)).contains(.stop))
        _ = model.handle(over("other"))
        #expect(!model.isBusy)
    }

    @Test func `streamed text is not printed again when its message arrives`() {
        var model = model()
        let id = typed("hello", into: &model)
        #expect(model.handle(live(.textChunk(destination: "cli", text: "Hi "))) == [.stream("\(Style.name(nil)) Hi ")])
        #expect(model.handle(live(.textChunk(destination: "cli", text: "there"))) == [.stream("there")])
        let arrived = model.handle(.frame(reply("Hi there", to: row, position: 7)))
        #expect(arrived == [.endStream, .seen(7)])
        #expect(model.handle(over(id)) == [])
    }

    @Test func `two messages of one turn that were streamed are not printed again`() {
        var model = model()
        _ = model.handle(live(.textChunk(destination: "cli", text: "First.\n\nSecond.")))
        #expect(model.handle(.frame(reply("First.", to: row, position: 1))) == [.seen(1)])
        #expect(model.handle(.frame(reply("Second.", to: row, position: 2))) == [.endStream, .seen(2)])
    }

    @Test func `a message whose chunks got lost is completed or printed whole`() {
        var model = model()
        _ = model.handle(live(.textChunk(destination: "cli", text: "Hi")))
        let completed = model.handle(.frame(reply("Hi there", to: row)))
        #expect(completed == [.stream(" there"), .endStream, .seen(1)])
        _ = model.handle(live(.textChunk(destination: "cli", text: "gap")))
        let whole = model.handle(.frame(reply("something else", to: row, position: 2)))
        #expect(whole == [.endStream, .print("\(Style.name("Main")) something else"), .seen(2)])
    }

    @Test func `text for another chat is not shown here`() {
        var model = model()
        #expect(model.handle(live(.textChunk(destination: "family", text: "secret"))) == [])
    }

    @Test func `each tool is shown as it runs`() {
        var model = model()
        let call = model.handle(live(.toolCall(id: "1", name: "shell", arguments: #"{"command":"ls -la"}"#)))
        #expect(call == [.print(Style.note("→ shell ls -la"))])
        let result = model.handle(
            live(.toolResult(id: "1", name: "shell", isError: false, summary: "a\nb", milliseconds: 12))
        )
        #expect(result == [.print(Style.note("← shell 12 ms: a"))])
    }

    @Test func `own messages are shown once and those of others when they come`() {
        var model = model()
        let id = typed("mine", into: &model)
        func entry(_ id: String, _ text: String, _ position: Int64) -> ChatModel.Event {
            .frame(.entry(ChatEntry(position: position, direction: "in", id: id, at: time, text: text)))
        }
        #expect(model.handle(entry(id, "mine", 1)) == [.seen(1)])
        #expect(model.handle(entry("x", "theirs", 2)) == [.print("> theirs"), .seen(2)])
    }

    @Test func `a message that was not taken comes back to the prompt`() {
        var model = model()
        let id = typed("keep me", into: &model)
        let actions = model.handle(.refused(id: id, text: "keep me", reason: "the disk is full"))
        #expect(actions == [.print(Style.problem("not sent: the disk is full")), .prompt])
        #expect(model.buffer.text == "keep me")
        #expect(!model.isBusy)
    }

    @Test func `a message that nobody answers says why`() {
        var model = model()
        let id = typed("hello?", into: &model)
        let actions = model.handle(.sent(ChatSent(id: id, routes: [])))
        guard case .print(let text)? = actions.first else {
            Issue.record("nothing was said")
            return
        }
        #expect(text.contains("nanoclaw wirings create"))
        #expect(!model.isBusy)
    }
}

@Suite struct `Looking for an Ollama` {
    @Test(
        arguments: [
            (
                "HTTP/1.1 200 OK\r\n\r\n{\"models\":[{\"name\":\"qwen3:8b\"},{\"name\":\"llama3\"}]}",
                ["qwen3:8b", "llama3"]
            ),
            ("HTTP/1.0 200 OK\r\n\r\n{\"models\":[]}", []),
            ("HTTP/1.1 404 Not Found\r\n\r\n{\"models\":[]}", nil),
            ("HTTP/1.1 200 OK\r\n\r\n<html>", nil),
            ("garbage", nil),
            ("", nil),
        ] as [(String, [String]?)]
    )
    func `only what answers like one is one`(answer: String, models: [String]?) {
        #expect(OllamaProbe.models(in: Array(answer.utf8))?.models == models)
    }
}
