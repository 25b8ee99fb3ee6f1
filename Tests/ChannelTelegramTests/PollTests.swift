import ChannelKit
import ChannelNetwork
import Core
import Testing

@testable import ChannelTelegram

@Suite struct `Polls of Telegram` {
    private func updates(_ ids: Int64...) throws -> [TelegramUpdate] {
        try ids.map { try JSONText.decode(TelegramUpdate.self, #"{"update_id":\#($0)}"#) }
    }

    @Test func `the offset moves behind what was taken`() throws {
        var cursor = PollCursor(offset: 0)
        cursor.advance(try updates(10, 11), failed: [])
        #expect(cursor.offset == 12)
        cursor.advance([], failed: [])
        #expect(cursor.offset == 12)
    }

    @Test func `it stops at the first that was not taken, and what was taken behind it is not asked again`() throws {
        var cursor = PollCursor(offset: 10)
        let answer = try updates(10, 11, 12, 13)
        cursor.advance(answer, failed: [11, 13])
        #expect(cursor.offset == 11)
        #expect(cursor.open(try updates(11, 12, 13, 14)).map(\.id) == [11, 13, 14])
        cursor.advance(try updates(11, 12, 13, 14), failed: [])
        #expect(cursor.offset == 15)
        #expect(cursor.open(try updates(12)).map(\.id) == [12])
    }

    @Test func `it goes back when the platform counts anew`() throws {
        var cursor = PollCursor(offset: 900)
        #expect(cursor.open(try updates(5)).map(\.id) == [5])
        cursor.advance(try updates(5), failed: [])
        #expect(cursor.offset == 6)
    }

    private func failure(_ status: Int, _ words: String, retryAfter: Int? = nil) -> TelegramFailure {
        TelegramFailure(method: "getUpdates", status: status, description: words, retryAfter: retryAfter, newChat: nil)
    }

    @Test func `a poll waits only once the link stands`() {
        var plan = PollPlan()
        #expect(plan.question == PollPlan.Question(limit: 100, seconds: 0))
        plan.succeeded(at: .zero)
        #expect(plan.question == PollPlan.Question(limit: 100, seconds: 50))
        _ = plan.failed(failure(502, "Bad Gateway"), at: .zero)
        #expect(plan.question.seconds == 0)
    }

    @Test func `each failure says what to do, and waits as long as the platform asks`() {
        var plan = PollPlan()
        let conflict = plan.failed(failure(409, "Conflict: terminated by other getUpdates request"), at: .zero)
        #expect(conflict.words.contains("another program polls with this token"))
        #expect(!conflict.deletesWebhook)
        let hook = plan.failed(failure(409, "Conflict: can't use getUpdates method while webhook is active"), at: .zero)
        #expect(hook.deletesWebhook)
        #expect(plan.failed(failure(401, "Unauthorized"), at: .zero).words == PollPlan.unauthorized)
        #expect(plan.failed(failure(429, "Too Many Requests", retryAfter: 17), at: .zero).wait == .seconds(17))
    }

    @Test func `numbers beyond all sense are brought back into range`() throws {
        #expect(plan(retryAfter: .max) == .seconds(86_400))
        #expect(plan(retryAfter: -5) == .seconds(1))
        var cursor = PollCursor(offset: 0)
        cursor.advance(try updates(.max), failed: [])
        #expect(cursor.offset == .max)
        #expect(Timestamp(unixSeconds: .min).milliseconds == 0)
        #expect(Timestamp(unixSeconds: .max).milliseconds == (1 << 40) * 1000)
    }

    private func plan(retryAfter: Int) -> Duration {
        var plan = PollPlan()
        return plan.failed(failure(429, "Too Many Requests", retryAfter: retryAfter), at: .zero).wait
    }

    @Test func `waits grow from one second to thirty`() {
        var plan = PollPlan()
        var longest = Duration.zero
        for _ in 0..<200 {
            let wait = plan.failed(failure(502, "Bad Gateway"), at: .zero).wait
            #expect(wait >= .seconds(1))
            #expect(wait <= .seconds(30))
            longest = max(longest, wait)
        }
        #expect(longest > .seconds(5))
    }

    @Test func `an answer that is too large is asked for in pieces`() {
        var plan = PollPlan()
        for limit in [25, 6, 1, 1] {
            _ = plan.failed(TelegramFailure(.network(.tooLarge), "too large"), at: .zero)
            #expect(plan.question.limit == limit)
        }
        plan.succeeded(at: .zero)
        #expect(plan.question.limit == 2)
    }

    @Test(arguments: [
        (400, "Bad Request: can't parse entities: Character '.' is reserved", TelegramFailure.Code.formatting),
        (400, "Bad Request: message is not modified: specified new…", .notModified),
        (400, "Bad Request: chat not found", .refused), (401, "Unauthorized", .unauthorized),
        (404, "Not Found", .unauthorized), (404, "Not Found: method not found", .refused),
        (403, "Forbidden: bot was blocked by the user", .forbidden), (413, "Request Entity Too Large", .refused),
        (500, "Internal Server Error", .server(500)), (429, "Too Many Requests", .tooMany(.seconds(1))),
    ])
    func `answers that are no success are told apart`(status: Int, words: String, code: TelegramFailure.Code) {
        #expect(failure(status, words).code == code)
    }

    @Test func `what fails on the way to the platform waits, what it refuses is given up`() {
        func code(_ failure: TelegramFailure.Code, isRepeatable: Bool = false) -> ChannelError.Code {
            TelegramFailure(failure, "x").forSender(isRepeatable: isRepeatable).code
        }
        for nothingSent in [NetworkFailure.cannotConnect, .tls, .refusedHost] {
            #expect(code(.network(nothingSent)) == .notConnected)
        }
        #expect(code(.unauthorized) == .notConnected)
        #expect(code(.server(502)) == .transient)
        #expect(code(.forbidden) == .rejected)
        #expect(code(.refused) == .rejected)
        #expect(code(.tooMany(.seconds(7))) == .rateLimited(retryAfter: .seconds(7)))
        // Telegram knows no keys: a message of which nobody knows is not sent again and again.
        let unsure: [TelegramFailure.Code] = [
            .network(.closed), .network(.timeout), .network(.protocolViolation), .server(200), .server(504),
        ]
        for failure in unsure {
            #expect(code(failure) == .noAnswer)
            #expect(code(failure, isRepeatable: true) == .transient)
        }
    }

    @Test func `a text that is known to be there is no edit`() throws {
        func message(_ id: Int64, _ text: String) -> TelegramMessage {
            TelegramMessage(id: id, chat: TelegramChat(id: 1, type: "private"), date: 0, text: text)
        }
        var seen = SeenTexts(limit: 2)
        seen.note(message(1, "a"))
        #expect(seen.holds(message(1, "a")))
        #expect(!seen.holds(message(1, "b")))
        #expect(!seen.holds(message(2, "a")))
        seen.note(message(1, "b"))
        #expect(seen.holds(message(1, "b")))
        seen.note(message(2, "c"))
        seen.note(message(3, "d"))
        // The oldest gave way, the newest are there.
        #expect(!seen.holds(message(1, "b")))
        #expect(seen.holds(message(2, "c")))
        #expect(seen.holds(message(3, "d")))
    }
}
