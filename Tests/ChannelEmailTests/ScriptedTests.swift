import ChannelKit
import Core
import Synchronization
import TestSupport
import Testing

@testable import ChannelEmail

@Suite(.timeLimit(.minutes(2))) struct ScriptedTests {
    private static func adapter(
        _ port: Int,
        _ tools: ChannelTools,
        _ more: [String: String] = [:]
    ) throws -> EmailAdapter {
        let given = [
            "address": "bot@example.net", "password": "pw", "imap": "127.0.0.1:\(port)/plain",
            "smtp": "127.0.0.1:\(port)/plain",
            "authserv-id": "none", "poll": "10",
        ]
        return try EmailAdapter(try EmailSettings(values(given.merging(more) { $1 })), tools)
    }

    private static let known = #"{"arrivedAt":1795888800000,"last":4,"validity":1}"#

    @Test(arguments: ["", " IDLE"])
    func `a server without IDLE, or one that refuses it, is asked again and again`(_ more: String) async throws {
        let box = ScriptedMailbox()
        box.state.withLock { $0.capabilities += more }
        box.add(4, "old")
        try await ScriptServer.with(greeting: "* OK hi\r\n", box.answer) { port, server in
            try await withTemporaryDirectory { folder in
                let time = ManualTime()
                let tools = try makeTools(folder, state: MemoryChannelState(["position": Self.known]), time: time)
                let inbox = RecordingInbox()
                let adapter = try Self.adapter(port, tools)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await adapter.run(inbox) }
                    for uid in 5...7 {
                        try await time.waitForSleepers()
                        box.add(uid, "new")
                        time.advance(by: .seconds(10))
                        await inbox.wait(for: uid - 4)
                    }
                    group.cancelAll()
                }
                #expect(await inbox.events.map(\.platformMessageID) == ["5@x", "6@x", "7@x"])
                #expect(server.count == 1 && server.said.contains { $0.hasSuffix("NOOP") })
            }
        }
    }

    @Test func `a mail that is told of before the server idles is fetched at once`() async throws {
        let box = ScriptedMailbox()
        box.add(4, "old")
        box.state.withLock { state in
            state.capabilities += " IDLE"
            state.late = (5, ScriptedMailbox.mail(5, "late"))
        }
        try await ScriptServer.with(greeting: "* OK hi\r\n", box.answer) { port, server in
            try await withTemporaryDirectory { folder in
                // No time passes: nothing but the word of the server can bring it.
                let state = MemoryChannelState(["position": Self.known])
                let inbox = RecordingInbox()
                let adapter = try Self.adapter(port, try makeTools(folder, state: state, time: ManualTime()))
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { try? await adapter.run(inbox) }
                    await inbox.wait(for: 1)
                    group.cancelAll()
                }
                #expect(await inbox.events.map(\.platformMessageID) == ["5@x"])
                #expect(server.said.filter { $0 == "DONE" }.count == 1)
            }
        }
    }

    @Test(arguments: [100, 1_000_000]) func `a mail is read whole whatever size the server tells`(
        _ told: Int
    ) async throws {
        let box = ScriptedMailbox()
        box.add(4, "old")
        box.add(5, String(repeating: "line\r\n", count: 50_000) + "the end")
        box.state.withLock { $0.toldSize = told }
        try await ScriptServer.with(greeting: "* OK hi\r\n", box.answer) { port, _ in
            try await withTemporaryDirectory { folder in
                let state = MemoryChannelState(["position": Self.known])
                let inbox = RecordingInbox()
                let adapter = try Self.adapter(port, try makeTools(folder, state: state, time: ManualTime()))
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { try? await adapter.run(inbox) }
                    await inbox.wait(for: 1)
                    group.cancelAll()
                }
                // It is too long for a message.
                let file = await inbox.files.first?["text.txt"] ?? []
                #expect(String(decoding: file, as: UTF8.self).hasSuffix("line\nthe end"))
                #expect(await inbox.events.first?.content.text.hasSuffix("all of it is in text.txt]") == true)
                #expect(try FileNames.all(folder).isEmpty)
            }
        }
    }

    @Test func `mails that only claim to be somebody's use up nothing of what that person may write`() async throws {
        let box = ScriptedMailbox()
        for uid in 5...66 {
            let results = uid < 66 ? "dkim=fail" : "dkim=pass header.d=example.org"
            let fields = "Authentication-Results: mx; \(results)\r\nDate: Sat, 28 Nov 2026 17:59:00 +0000\r\n"
            box.state.withLock { $0.mails.append((uid, fields + ScriptedMailbox.mail(uid, "hello"))) }
        }
        try await ScriptServer.with(greeting: "* OK hi\r\n", box.answer) { port, _ in
            try await withTemporaryDirectory { folder in
                let state = MemoryChannelState(["position": Self.known])
                let inbox = RecordingInbox()
                let tools = try makeTools(folder, state: state, time: ManualTime())
                let adapter = try Self.adapter(port, tools, ["authserv-id": "mx"])
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { try? await adapter.run(inbox) }
                    await inbox.wait(for: 62)
                    group.cancelAll()
                }
                let events = await inbox.events
                // The 61st claim is one too many.
                #expect(events.map(\.isBot) == Array(repeating: false, count: 60) + [true, false])
                #expect(events.last?.senderNativeID == "ann@example.org")
            }
        }
    }

    @Test func `a login that is refused is not tried again at once`() async throws {
        let box = ScriptedMailbox()
        box.add(5, "new")
        box.state.withLock { $0.refusals = 1 }
        try await ScriptServer.with(greeting: "* OK hi\r\n", box.answer) { port, server in
            try await withTemporaryDirectory { folder in
                let time = ManualTime()
                let tools = try makeTools(folder, state: MemoryChannelState(["position": Self.known]), time: time)
                let inbox = RecordingInbox()
                let adapter = try Self.adapter(port, tools)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await adapter.run(inbox) }
                    try await time.waitForSleepers()
                    #expect(adapter.health.detail?.contains("refuses the login") == true)
                    time.advance(by: .seconds(299))
                    try await time.waitForSleepers()
                    #expect(server.count == 1)
                    time.advance(by: .seconds(1))
                    await inbox.wait(for: 1)
                    group.cancelAll()
                }
                #expect(server.count == 2)
            }
        }
    }

    @Test func `a mailbox with other numbers is looked through again, with the same keys`() async throws {
        let box = ScriptedMailbox()
        for uid in 1...3 { box.add(uid, "mail \(uid)") }
        box.state.withLock { $0.validity = 2 }
        try await ScriptServer.with(greeting: "* OK hi\r\n", box.answer) { port, server in
            try await withTemporaryDirectory { folder in
                let state = MemoryChannelState(["position": Self.known])
                let tools = try makeTools(folder, state: state, time: ManualTime())
                let inbox = RecordingInbox()
                let adapter = try Self.adapter(port, tools)
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { try? await adapter.run(inbox) }
                    await inbox.wait(for: 3)
                    while await state.value("position")?.contains("\"validity\":2") != true { await Task.yield() }
                    group.cancelAll()
                }
                #expect(await inbox.events.map(\.dedupKey) == ["1@x", "2@x", "3@x"])
                #expect(server.said.contains { $0.hasSuffix("UID SEARCH SINCE 27-Nov-2026") })
                #expect(await state.value("position")?.contains("\"last\":3") == true)
            }
        }
    }

    @Test func `a mail that breaks the link again and again is passed over`() async throws {
        let box = ScriptedMailbox()
        for uid in 4...6 { box.add(uid, "mail \(uid)") }
        box.state.withLock { $0.poison = 3 }
        try await ScriptServer.with(greeting: "* OK hi\r\n", box.answer) { port, server in
            try await withTemporaryDirectory { folder in
                let time = ManualTime()
                let tools = try makeTools(folder, state: MemoryChannelState(["position": Self.known]), time: time)
                let inbox = RecordingInbox()
                let adapter = try Self.adapter(port, tools)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await adapter.run(inbox) }
                    for _ in 0..<3 {
                        try await time.waitForSleepers()
                        #expect(
                            adapter.health.state == .disconnected && adapter.health.detail?.contains("bound") == true,
                            "\(adapter.health)"
                        )
                        time.advance(by: .seconds(120))
                    }
                    await inbox.wait(for: 1)
                    group.cancelAll()
                }
                #expect(await inbox.events.map(\.platformMessageID) == ["6@x"])
                #expect(server.count == 4)
            }
        }
    }

    @Test(arguments: [
        ("* BYE go away\r\n", "go away"), ("HTTP/1.1 400 Bad Request\r\n", "greet"), ("* OK hi\r\n", "closed"),
    ])
    func `a server that is none says so in health`(_ greeting: String, _ word: String) async throws {
        try await ScriptServer.with(greeting: greeting, { _ in nil }) { port, _ in
            try await withTemporaryDirectory { folder in
                let time = ManualTime()
                let adapter = try Self.adapter(port, try makeTools(folder, time: time))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await adapter.run(RecordingInbox()) }
                    try await time.waitForSleepers()
                    #expect(adapter.health.state == .disconnected && adapter.health.detail?.contains(word) == true)
                    group.cancelAll()
                }
            }
        }
    }

    @Test func `what is said in the clear behind the word for TLS is taken for an attack`() async throws {
        let script: ScriptServer.Script = { line in
            let tag = line.prefix { $0 != " " }
            return line.hasSuffix("STARTTLS") ? "\(tag) OK\r\n* CAPABILITY IMAP4rev1\r\n" : "\(tag) OK\r\n"
        }
        try await ScriptServer.with(greeting: "* OK hi\r\n", script) { port, server in
            let settings = try EmailSettings(
                values([
                    "address": "a@b.c", "password": "secret", "imap": "localhost:\(port)/starttls", "smtp": "localhost",
                ])
            )
            let tls = try EmailPlatform.tls(settings)
            await #expect(throws: MailError.self) {
                try await MailLink.with(settings.imap, tls) { link in
                    try await IMAPClient(link).logIn(user: "u", password: "secret")
                }
            }
            #expect(server.said.count == 1)
        }
        let hello: ScriptServer.Script = { line in
            line == "STARTTLS" ? "220 go\r\n250-h\r\n250 AUTH PLAIN\r\n" : "250-h\r\n250 STARTTLS\r\n"
        }
        try await ScriptServer.with(greeting: "220 hi\r\n", hello) { port, server in
            let smtp = try MailServer("localhost:\(port)/starttls", .smtp)
            let client = SMTPClient(server: smtp, user: "u", password: "secret", tls: try MailTLS(trusting: nil))
            await #expect(throws: (any Error).self) { try await client.check() }
            #expect(server.said == ["EHLO [127.0.0.1]", "STARTTLS"])
        }
    }

    @Test(arguments: [("MAIL", .transient), ("DATA", .transient), (".", .noAnswer)] as [(String, ChannelError.Code)])
    func `whether the server has a mail is unknown once the whole is out, and not before`(
        _ last: String,
        _ code: ChannelError.Code
    ) async throws {
        let script: ScriptServer.Script = { line in
            if line.hasPrefix(last) { return nil }
            switch line.prefix(4) {
            case "EHLO": return "250-h\r\n250 AUTH PLAIN\r\n"
            case "AUTH": return "235 ok\r\n"
            case "MAIL", "RCPT": return "250 ok\r\n"
            case "DATA": return "354 go\r\n"
            default: return ""
            }
        }
        try await ScriptServer.with(greeting: "220 hi\r\n", script) { port, _ in
            let server = try MailServer("127.0.0.1:\(port)/plain", .smtp)
            let client = SMTPClient(server: server, user: "u", password: "p", tls: nil)
            let ann = try #require(MailAddress("ann@example.org"))
            let envelope = SMTPDialogue.Envelope(sender: ann, recipient: ann, size: 7)
            let error = await #expect(throws: ChannelError.self) {
                try await client.send(envelope) { link in try await link.write(Array("hello\r\n".utf8)) }
            }
            #expect(error?.code == code)
        }
    }

    @Test(arguments: [
        ["address": "bot"], ["password": ""], ["imap": "h/plain"], ["smtp": ""], ["authserv-id": "a b"],
        ["authserv-id": "*.net"], ["poll": "5"],
        ["mailbox": "Entwürfe"], ["user": "a\u{1}"], ["certificates": "/nowhere.pem"], ["senders": "ann"],
        ["senders": "*@*"], ["senders": ","],
    ])
    func `values that no account can have are refused, naming the field`(_ more: [String: String]) async throws {
        try await withTemporaryDirectory { folder in
            let given = ["address": "a@b.c", "password": "p", "imap": "h", "smtp": "h", "authserv-id": "x.y"]
            let account = ChannelAccount(
                name: "mail",
                identity: ChannelIdentity(account: "a@b.c", title: "a@b.c"),
                values: values(given.merging(more) { $1 })
            )
            let error = #expect(throws: ChannelSetupError.self) {
                try EmailPlatform().adapter(account, try makeTools(folder))
            }
            #expect(error?.code == .invalid && more.keys.allSatisfy { error?.message.hasPrefix($0) == true })
        }
    }

    @Test func `people are known by their addresses`() async throws {
        try await withTemporaryDirectory { folder in
            let adapter = try Self.adapter(1, try makeTools(folder))
            #expect(
                adapter.isNativeID("ann@example.org") && !adapter.isNativeID("Ann@example.org")
                    && !adapter.isNativeID("ann")
            )
            #expect(try await adapter.nativeID(of: "Ann@Example.org") == "ann@example.org")
            let chat = try await adapter.openDM(UserID(channel: "email", native: "ann@example.org"))
            #expect(chat == ChatAddress(channel: "email", platformID: "email:bot@example.net:ann@example.org"))
            #expect(adapter.account == chat?.account)
        }
    }
}
