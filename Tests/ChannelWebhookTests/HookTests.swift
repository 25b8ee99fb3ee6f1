import ChannelKit
import Core
import Glibc
import LinuxIO
import TestSupport
import Testing

@testable import ChannelNetwork
@testable import ChannelWebhook

@Suite(.timeLimit(.minutes(2))) struct HookTests {
    @Test func `a signed post becomes an event of nobody and is told its id`() async throws {
        try await withHook { hook in
            let body = #"{"text":"the build failed","thread":"x"}"#
            let reply = try await hook.post(body, try hook.signed(body, id: "msg_1"))
            #expect(reply.status == 202 && reply.text == #"{"id":"id:msg_1"}"#)
            let event = try #require(await hook.inbox.events.first)
            #expect(event.address == ChatAddress(channel: "webhook", platformID: "webhook:builds:posts"))
            #expect(event.senderNativeID == nil && event.isBot && event.dedupKey == "id:msg_1")
            #expect(event.content.text == "the build failed" && event.webhook?.payload == body)
            #expect(hook.adapter.health.state == .connected)
        }
    }

    @Test func `T40 a post without a valid proof is refused before it is read`() async throws {
        try await withHook { hook in
            let body = #"{"text":"x"}"#
            var changed = try hook.signed(body, id: "a")
            changed["webhook-id"] = "b"
            let bad: [HeaderList] = [
                [:], changed, try hook.signed(body + " ", id: "a"), try hook.signed(body, id: "a", age: 310),
                try hook.signed(body, id: "a", age: -310), ["authorization": "Bearer \(standardKey)"],
            ]
            for headers in bad {
                let reply = try await hook.post(body, headers)
                #expect(reply.status == 401 && reply.body.isEmpty)
            }
            #expect(try await hook.http.request(HTTPCall(.get, hook.url)).status == 405)
            #expect(await hook.inbox.events.isEmpty)
        }
    }

    @Test func `T40 a replay carries the same key whatever its unsigned headers say`() async throws {
        let key = "0123456789abcdef"
        try await withHook(["auth": "github", "key": key]) { hook in
            let body = #"{"zen":"Keep it simple"}"#
            let code = HMACSignature.code(.sha256, key: Array(key.utf8), Array(body.utf8))
            for delivery in ["1", "2"] {
                let headers: HeaderList = [
                    "x-hub-signature-256": "sha256=\(Hex.encode(code))", "x-github-delivery": delivery,
                    "x-github-event": "ping\(delivery)",
                ]
                let reply = try await hook.post(body, headers)
                #expect(reply.status == 202 && reply.text.contains("duplicate") == (delivery == "2"))
            }
            let events = await hook.inbox.events
            #expect(events.count == 2 && events[0].dedupKey == events[1].dedupKey)
            #expect(events[0].webhook == events[1].webhook && events[0].content == events[1].content)
        }
    }

    @Test func `a bearer token lets in, another does not`() async throws {
        let key = "a-token-of-the-operator"
        try await withHook(["auth": "bearer", "key": key]) { hook in
            let right = try await hook.post("door open", ["authorization": "Bearer \(key)"], type: "text/plain")
            #expect(right.status == 202)
            let wrong = try await hook.post("door open", ["authorization": "Bearer \(key)x"], type: "text/plain")
            #expect(wrong.status == 401)
            let headers: HeaderList = ["authorization": "bearer \(key)", "webhook-id": "7"]
            let named = try await hook.post("door open", headers, type: "text/plain")
            #expect(named.text == #"{"id":"id:7"}"#)
            #expect(await hook.inbox.events.count == 2)
        }
    }

    @Test func `a door bell that says the same twice has rung twice, unless it names its posts`() async throws {
        let key = "a-token-of-the-operator"
        try await withHook(["auth": "bearer", "key": key]) { hook in
            for id in [nil, nil, "7", "7"] as [String?] {
                var headers: HeaderList = ["authorization": "Bearer \(key)"]
                headers["webhook-id"] = id
                let reply = try await hook.post("ding", headers, type: "text/plain")
                #expect(reply.status == 202)
            }
            let keys = await hook.inbox.events.map(\.dedupKey)
            #expect(keys.count == 4 && Set(keys).count == 3 && keys.suffix(2) == ["id:7", "id:7"])
        }
    }

    @Test func `what could not be stored is told as such and taken when it comes again`() async throws {
        try await withHook(inbox: RecordingInbox(failures: 1)) { hook in
            let headers = try hook.signed("{}", id: "a")
            let first = try await hook.post("{}", headers)
            #expect(first.status == 503 && first.headers["retry-after"] == "5")
            let second = try await hook.post("{}", headers)
            #expect(second.status == 202 && !second.text.contains("duplicate"))
            #expect(await hook.inbox.events.count == 1)
        }
    }

    @Test func `who guesses too often is told to wait, the right sender behind the same proxy is not`() async throws {
        try await withHook(time: ManualTime(now: SystemTime().now)) { hook in
            for _ in 0..<30 {
                let reply = try await hook.post("{}")
                #expect(reply.status == 401)
            }
            let wrong = try await hook.post("{}")
            #expect(wrong.status == 429 && wrong.headers["retry-after"] == "60")
            let right = try await hook.post("{}", try hook.signed("{}", id: "a"))
            #expect(right.status == 202)
            #expect(await hook.inbox.events.count == 1)
        }
    }

    @Test func `a hook stands when it is there, and is heard when somebody posts`() async throws {
        try await withHook { hook in
            while hook.adapter.health.state != .connected { await Task.yield() }
            _ = try await hook.post("{}")
            #expect(hook.adapter.health.lastEvent == nil)
            _ = try await hook.post("{}", try hook.signed("{}", id: "a"))
            #expect(hook.adapter.health.lastEvent != nil)
        }
    }

    @Test func `a body that cannot be read is refused in words`() async throws {
        try await withHook { hook in
            let reply = try await hook.post("{", try hook.signed("{", id: "a"))
            #expect(reply.status == 415 && reply.text.contains("neither JSON"))
        }
    }

    @Test func `a waiting post is answered with what the agent says to it`() async throws {
        try await withHook(["wait": "50"]) { hook in
            async let first = hook.post("one", try hook.signed("one", id: "a"), type: "text/plain")
            await hook.inbox.wait(for: 1)
            async let second = hook.post("two", try hook.signed("two", id: "b"), type: "text/plain")
            await hook.inbox.wait(for: 2)
            let threads = await hook.inbox.events.compactMap(\.address.thread)
            #expect(Set(threads).count == 2)
            for thread in threads.reversed() {
                let sent = try await hook.adapter.deliver(message("answer to \(thread)", thread: thread))
                #expect(sent.parts == 1)
            }
            let (one, two) = try await (first, second)
            #expect(one.status == 200 && one.text == #"{"id":"id:a","text":"answer to id:a"}"#)
            #expect(two.status == 200 && two.text == #"{"id":"id:b","text":"answer to id:b"}"#)
        }
    }

    @Test func `of two posts in one conversation each is answered with what answers it`() async throws {
        try await withHook(["wait": "50", "thread": "{text}"]) { hook in
            let body = #"{"text":"t"}"#
            async let first = hook.post(body, try hook.signed(body, id: "a"))
            await hook.inbox.wait(for: 1)
            async let second = hook.post(body, try hook.signed(body, id: "b"))
            await hook.inbox.wait(for: 2)
            // A late answer to a post that is gone, and the result of a task, are for neither.
            for other in [OutboundMessage.Answers.message("id:gone"), .other] {
                let late = message("late", thread: "t", answers: other)
                let error = await #expect(throws: ChannelError.self) { try await hook.adapter.deliver(late) }
                #expect(error?.code == .rejected)
            }
            _ = try await hook.adapter.deliver(message("to b", thread: "t", answers: .message("id:b")))
            #expect(try await second.text == #"{"id":"id:b","text":"to b"}"#)
            // What answers nothing is for whoever waits longest.
            _ = try await hook.adapter.deliver(message("a word", thread: "t"))
            #expect(try await first.text == #"{"id":"id:a","text":"a word"}"#)
        }
    }

    @Test func `an answer that is not written to its sender any more is posted like any other`() async throws {
        try await withReceiver { url, receiver in
            try await withHook(["wait": "50", "reply-url": url, "private-targets": "yes"]) { hook in
                var headers = try hook.signed("one", id: "a")
                headers["content-type"] = "text/plain"
                let post = WebhookRequest(
                    method: "POST",
                    path: "builds",
                    query: "",
                    headers: headers,
                    body: Array("one".utf8),
                    peer: "127.0.0.1"
                )
                // Nobody writes what it is answered with.
                async let status = hook.adapter.take(post, hook.inbox).status
                await hook.inbox.wait(for: 1)
                _ = try await hook.adapter.deliver(message("yes", thread: "id:a"))
                #expect(await status == 200)
                #expect(receiver.requests.count == 1)
            }
        }
    }

    @Test func `a file that cannot be read now goes out later`() async throws {
        try await withReceiver { url, receiver in
            try await withHook(["reply-url": url, "private-targets": "yes"]) { hook in
                // Nothing is mapped at its beginning: EIO.
                let file = Descriptor(owning: open("/proc/self/mem", O_RDONLY | O_CLOEXEC))
                let files = [OutboundFile(name: "f.txt", descriptor: file, size: 5)]
                let error = await #expect(throws: ChannelError.self) {
                    try await hook.adapter.deliver(message("", files: files))
                }
                #expect(error?.code == .transient)
                #expect(receiver.requests.isEmpty)
            }
        }
    }

    @Test func `a repeat of a post that waits is told at once that it is one`() async throws {
        try await withHook(["wait": "50"], time: ManualTime(now: SystemTime().now)) { hook in
            let headers = try hook.signed("one", id: "a")
            async let first = hook.post("one", headers, type: "text/plain")
            await hook.inbox.wait(for: 1)
            let again = try await hook.post("one", headers, type: "text/plain")
            #expect(again.status == 202 && again.text == #"{"duplicate":true,"id":"id:a"}"#)
            _ = try await hook.adapter.deliver(message("yes", thread: "id:a"))
            #expect(try await first.text == #"{"id":"id:a","text":"yes"}"#)
        }
    }

    @Test func `a post that waited in vain is told its id`() async throws {
        let time = ManualTime(now: SystemTime().now)
        try await withHook(["wait": "50"], time: time) { hook in
            async let reply = hook.post("one", try hook.signed("one", id: "a"), type: "text/plain")
            try await time.waitForSleepers()
            time.advance(by: .seconds(50))
            #expect(try await reply.status == 202)
            await #expect(throws: ChannelError.self) { try await hook.adapter.deliver(message("late", thread: "id:a")) }
        }
    }

    @Test func `answers are posted signed, each part with a key of its own that stays`() async throws {
        try await withReceiver { url, receiver in
            try await withHook(["reply-url": url, "private-targets": "yes"]) { hook in
                try await withTemporaryDirectory { folder in
                    let file = Descriptor(owning: open("\(folder)/f", O_RDWR | O_CREAT, 0o600))
                    try file.write(Array("bytes".utf8))
                    let files = [OutboundFile(name: "f.txt", descriptor: file, size: 5)]
                    for _ in 0..<2 {
                        let sent = try await hook.adapter.deliver(message("**hi**", thread: "t", files: files))
                        #expect(sent.parts == 2)
                    }
                    _ = try await hook.adapter.deliver(message("**hi**", thread: "t", files: files, done: 1))
                }
            }
            let requests = receiver.requests
            #expect(requests.count == 5)
            let ids = requests.compactMap { $0.headers["webhook-id"] }
            #expect(ids[0] == ids[2] && ids[1] == ids[3] && ids[0] != ids[1] && ids[4] == ids[1])
            let key = try #require(StandardWebhookKey(standardKey))
            for request in requests {
                let isValid = key.isValid(
                    request.headers["webhook-signature"] ?? "",
                    id: request.headers["webhook-id"] ?? "",
                    timestamp: request.headers["webhook-timestamp"] ?? "",
                    body: request.body,
                    now: SystemTime().now
                )
                #expect(isValid)
            }
            let text = try JSONValue(parsing: String(decoding: requests[0].body, as: UTF8.self))
            #expect(text[key: "data"]?[key: "text"] == "**hi**" && text[key: "data"]?[key: "conversation"] == "t")
            let file = try JSONValue(parsing: String(decoding: requests[1].body, as: UTF8.self))
            #expect(file[key: "data"]?[key: "content"]?.string.flatMap { Base64.decode($0) } == Array("bytes".utf8))
        }
    }

    @Test(
        arguments: [
            (429, "7", ChannelError.Code.rateLimited(retryAfter: .seconds(7))),
            (503, "9", .rateLimited(retryAfter: .seconds(9))),
            (503, nil, .transient), (500, nil, .transient), (404, nil, .rejected), (410, nil, .rejected),
            (302, nil, .rejected),
        ] as [(Int, String?, ChannelError.Code)]
    )
    func `what a receiver answers decides what becomes of the message`(
        _ status: Int,
        _ wait: String?,
        _ code: ChannelError.Code
    ) async throws {
        var answer = WebhookResponse(status: status)
        answer.headers["retry-after"] = wait
        try await withReceiver(answer) { url, _ in
            try await withHook(["reply-url": url, "private-targets": "yes"]) { hook in
                let error = await #expect(throws: ChannelError.self) { try await hook.adapter.deliver(message("x")) }
                #expect(error?.code == code)
                _ = try await hook.adapter.deliver(message("x"))
            }
        }
    }

    @Test func `a private target is refused unless it is allowed`() async throws {
        try await withHook(["reply-url": "https://127.0.0.1:9/x"]) { hook in
            let error = await #expect(throws: ChannelError.self) { try await hook.adapter.deliver(message("x")) }
            #expect(error?.code == .rejected && error?.message.contains("private-targets") == true)
        }
        try await withHook(["reply-url": "http://127.0.0.1:1/x", "private-targets": "yes"]) { hook in
            let error = await #expect(throws: ChannelError.self) { try await hook.adapter.deliver(message("x")) }
            #expect(error?.code == .notConnected)
        }
    }

    @Test func `without a target an answer is refused in words`() async throws {
        try await withHook { hook in
            let error = await #expect(throws: ChannelError.self) { try await hook.adapter.deliver(message("x")) }
            #expect(error?.code == .rejected && error?.message.contains("reply-url") == true)
            #expect(!hook.adapter.isNativeID("ann"))
        }
    }
}
