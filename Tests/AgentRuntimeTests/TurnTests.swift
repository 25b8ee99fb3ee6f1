import AgentRuntime
import Core
import Glibc
import LinuxIO
import ModelProviders
import SessionStore
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

@Suite struct TurnTests {
    @Test func `§16.145 a message is claimed, answered and acknowledged`() async throws {
        let provider = ScriptedProvider([.held([.textDelta("<message to=\"cli\">hello &amp; welcome</message>")])])
        try await withRunner(provider) { session in
            let id = try await session.say("hello")
            try await session.wait(until: { try session.state(of: id) == "processing" })
            #expect(try session.sent().isEmpty)
            try await session.wait(until: { provider.requests.count == 1 })
            provider.release()
            try await session.waitForEnd(of: id)
            let sent = try session.sent()
            #expect(sent.map(\.text) == ["hello & welcome"])
            #expect(sent.first?.inReplyTo == id.rawValue)
            #expect(sent.first?.platformID == RunnerFixture.home.platformID)
            let prompt = try #require(provider.requests.first?.messages.last?.text)
            #expect(
                prompt.hasPrefix("<context timezone=\"UTC\" />\n<message id=\"2\" from=\"cli\" sender=\"Ada\" time=")
            )
            #expect(try session.continuations().count == 1)
        }
    }

    @Test func `what lies too far back ends a slice at a time before the turn`() async throws {
        let provider = ScriptedProvider([.events([.textDelta("<message to=\"cli\">here</message>")])])
        try await withRunner(provider) { session in
            let count = 2 * SessionLimits.acksPerCommit + 100
            let now = session.time.now
            let rows = (0..<count).map { number in
                NewInbound(
                    sourceID: "context-\(number)",
                    content: .chat(ChatContent(text: "talk", sender: "Ada")),
                    trigger: false,
                    sentAt: now,
                    receivedAt: now,
                    address: RunnerFixture.home
                )
            }
            let context = try await session.host.insert(rows).map(\.id)
            let id = try await session.say("hello")
            try await session.waitForEnd(of: id)
            let commits = try session.acksByTurn()
            #expect(commits.reduce(0, +) == count + 1)
            #expect(commits.allSatisfy { $0 <= SessionLimits.acksPerCommit + 100 })
            #expect(try session.state(of: context[0]) == "completed")
        }
    }

    @Test func `the offline provider runs a command in the tool tier`() async throws {
        try await withRunner(OfflineProvider()) { session in
            let id = try await session.say("run echo one; echo two >&2; pwd")
            try await session.waitForEnd(of: id)
            #expect(try session.sent().map(\.text) == ["one\ntwo\n\(session.agent)"])
        }
    }

    @Test func `files and memory go through the tool server, a process of its own`() async throws {
        try await withRunner(OfflineProvider()) { session in
            for text in ["write notes/a.txt hello there", "read notes/a.txt", "remember Ada likes tea", "recall tea"] {
                try await session.waitForEnd(of: try await session.say(text))
            }
            let sent = try session.sent().map(\.text)
            #expect(
                sent.prefix(3) == ["Wrote 11 bytes to notes/a.txt.", "hello there", "Remembered in memory/notes.md."]
            )
            #expect(sent.last?.hasPrefix("memory/notes.md: - Ada likes tea (Ada in cli, ") == true)
        }
    }

    @Test func `T14 §16.147 messages that arrive during a tool call join the turn and are answered`() async throws {
        let provider = ScriptedProvider([
            .heldCall("shell", #"{"command":"true"}"#), .held([.textDelta("<message to='cli'>all five</message>")]),
        ])
        try await withRunner(provider) { session in
            var ids = [try await session.say("first")]
            try await session.wait(until: { provider.requests.count == 1 })
            for number in 2...5 { ids.append(try await session.say("number \(number)")) }
            #expect(try session.state(of: ids[4]) == nil)
            provider.release()
            try await session.wait(until: { provider.requests.count == 2 })
            // Joined, and not done before the request that holds them is answered.
            let joined = ids
            try await session.wait(until: { try joined.allSatisfy { try session.state(of: $0) == "processing" } })
            provider.release()
            for id in ids { try await session.waitForEnd(of: id) }
            #expect(try session.sent().map(\.text) == ["all five"])
            let followUp = try #require(provider.requests[1].messages.last)
            #expect(followUp.role == .user)
            for number in 2...5 { #expect(followUp.text.contains("number \(number)")) }
            #expect(provider.requests.count == 2)
        }
    }

    @Test func `§16.148 context alone neither starts a turn nor joins one`() async throws {
        let provider = ScriptedProvider([
            .heldCall("shell", #"{"command":"true"}"#), .text("<message to='cli'>a</message>"),
        ])
        try await withRunner(provider) { session in
            let early = try await session.say("only context", trigger: false)
            let first = try await session.say("go")
            try await session.wait(until: { provider.requests.count == 1 })
            #expect(provider.requests[0].messages.last?.text.contains("only context") == true)
            let late = try await session.say("more context", trigger: false)
            provider.release()
            try await session.waitForEnd(of: first)
            #expect(try session.state(of: early) == "completed")
            #expect(try session.state(of: late) == nil)
            #expect(provider.requests.count == 2)
            #expect(provider.requests[1].messages.last?.role == .tool)
        }
    }

    @Test func `in serial mode each message is a turn of its own`() async throws {
        let provider = ScriptedProvider([
            .heldCall("shell", #"{"command":"true"}"#), .text("<message to='cli'>one</message>"),
            .text("<message to='cli'>two</message>"),
        ])
        try await withRunner(provider, configure: { $0.queueMode = .serial }) { session in
            _ = try await session.say("first")
            try await session.wait(until: { provider.requests.count == 1 })
            let second = try await session.say("second")
            provider.release()
            try await session.waitForEnd(of: second)
            #expect(try session.sent().map(\.text) == ["one", "two"])
            #expect(provider.requests[1].messages.last?.role == .tool)
        }
    }

    @Test func `T11 a message behind 10,000 system rows is handled in the next turn`() async throws {
        let provider = ScriptedProvider([.text("<message to='cli'>here</message>")])
        try await withRunner(provider) { session in
            let time = session.time
            let rows = (0..<10_000).map { number in
                NewInbound(
                    sourceID: "s\(number)",
                    content: .system(SystemContent(action: "note", status: "ok", text: "\(number)")),
                    sentAt: time.now,
                    receivedAt: time.now
                )
            }
            let said = NewInbound(
                sourceID: "u",
                content: .chat(ChatContent(text: "are you there?", sender: "Ada")),
                sentAt: time.now,
                receivedAt: time.now,
                address: RunnerFixture.home
            )
            let outcomes = try await session.host.insert(rows + [said])
            session.ring()
            try await session.waitForEnd(of: try #require(outcomes.last).id)
            #expect(provider.requests.first?.messages.last?.text.contains("are you there?") == true)
        }
    }

    @Test func `§16.146 a turn cut off is repeated, and told what already went out`() async throws {
        try await withTemporaryDirectory { directory in
            let first = ScriptedProvider([.call("send_message", #"{"text":"working on it"}"#), .held([])])
            let asked = MessageBox()
            try await withRunner(first, in: directory) { session in
                asked.id = try await session.say("a long job")
                try await session.wait(until: { first.requests.count == 2 })
                #expect(try session.sent().map(\.text) == ["working on it"])
            }
            let second = ScriptedProvider([.text("<message to='cli'>done</message>")])
            try await withRunner(second, incarnation: 2, in: directory) { session in
                try await session.waitForEnd(of: try #require(asked.id))
                #expect(try session.sent().map(\.text) == ["working on it", "done"])
                let prompt = try #require(second.requests.first?.messages.last?.text)
                #expect(prompt.contains("action=\"interrupted_turn\""))
                #expect(prompt.contains("<sent>working on it</sent>"))
            }
        }
    }

    @Test func `§16.151 the next incarnation knows the conversation, with the same beginning`() async throws {
        try await withTemporaryDirectory { directory in
            let first = ScriptedProvider([.text("<message to='cli'>hello Ada</message>")])
            try await withRunner(first, in: directory) { session in
                try await session.waitForEnd(of: try await session.say("I am Ada"))
            }
            let second = ScriptedProvider([.text("<message to='cli'>Ada</message>")])
            try await withRunner(second, incarnation: 2, in: directory) { session in
                try await session.waitForEnd(of: try await session.say("who am I?"))
            }
            let (before, after) = (first.requests[0], second.requests[0])
            #expect(after.system == before.system)
            #expect(after.messages.count == 3)
            #expect(Array(after.messages.prefix(1)) == before.messages)
            #expect(after.messages[1].text == "<message to='cli'>hello Ada</message>")
        }
    }

    @Test func `a file is sent as bytes of the tool tier`() async throws {
        let provider = ScriptedProvider([
            .call("shell", #"{"command":"printf 'a\\000b' > data.bin"}"#),
            .call("send_file", #"{"path":"data.bin","text":"here"}"#), .text("<internal>sent</internal>"),
        ])
        try await withRunner(provider) { session in
            try await session.waitForEnd(of: try await session.say("send it"))
            let sent = try #require(try session.sent().first)
            #expect(sent.content == .chat(OutboundChat(text: "here", files: ["data.bin"])))
            let outbox = try Directory(path: session.folder.outbound + "/outbox")
            let folder = try #require(try outbox.names().first)
            #expect(try outbox.contents("\(folder)/data.bin", limit: 10) == [0x61, 0, 0x62])
        }
    }

    @Test func `§16.196 an edit and a reaction name messages by their numbers`() async throws {
        let provider = ScriptedProvider([
            .call("send_message", #"{"text":"frist"}"#), .call("edit_message", #"{"id":3,"text":"first"}"#),
            .call("add_reaction", #"{"id":2,"emoji":"👍"}"#), .call("edit_message", #"{"id":2,"text":"no"}"#),
            .text("<internal>done</internal>"),
        ])
        try await withRunner(provider) { session in
            try await session.waitForEnd(of: try await session.say("go"))
            #expect(
                try session.sent().map(\.content) == [
                    .chat(OutboundChat(text: "frist")), .edit(OutboundEdit(seq: 3, text: "first")),
                    .reaction(OutboundReaction(seq: 2, emoji: "👍")),
                ]
            )
            guard case .toolResult(_, let text, true)? = provider.requests.last?.messages.last?.parts.first else {
                Issue.record("no error result")
                return
            }
            #expect(text.contains("not yours"))
        }
    }

    @Test func `arguments that do not fit the schema run nothing`() async throws {
        let provider = ScriptedProvider([
            .call("shell", #"{"command":"touch ran","timeout_seconds":"soon"}"#), .call("shell", #"{"comm"#),
            .call("fly", "{}"), .text("<message to='cli'>ok</message>"),
        ])
        try await withRunner(provider) { session in
            try await session.waitForEnd(of: try await session.say("go"))
            let results = provider.requests.last?.messages.flatMap(\.parts).compactMap { part -> String? in
                guard case .toolResult(_, let text, true) = part else { return nil }
                return text
            }
            #expect(results?.count == 3)
            #expect(results?[0].contains("\"timeout_seconds\" must be integer, not string") == true)
            #expect(results?[1].contains("no JSON") == true)
            #expect(results?[2].contains("no tool is named \"fly\"") == true)
            #expect(access(session.agent + "/ran", F_OK) != 0)
        }
    }
}

/// Carries an id out of a body.
final class MessageBox: Sendable {
    private let value = Mutex<MessageID?>(nil)
    var id: MessageID? {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}
