import ChannelKit
import Core
import Testing

/// What goes wrong when something is sent.
extension Stage {
    /// "Too many" is obeyed for the time that the platform named, and costs no message and makes none twice.
    func tooMany() async throws {
        let adapter = try adapter()
        try await running(adapter, TestInbox()) {
            try await world.inject(.tooMany(count: 1, retryAfter: 2))
            let message = message("once only", in: world.direct)
            let began = time.monotonic
            switch try await attempt(message, by: adapter) {
            case .success:
                #expect(time.monotonic - began >= .seconds(2), "the time that the platform named is waited for")
            case .failure(let error):
                guard case .rateLimited(let pause) = error.code else {
                    Issue.record("\"too many\" is rateLimited(retryAfter:), not \(error.code)")
                    return
                }
                #expect(
                    pause >= .milliseconds(1900) && pause <= .seconds(5),
                    "not \(pause) but the 2 s that were named"
                )
                #expect(error.partsDone == 0)
                #expect(adapter.health.rateLimitedUntil != nil, "health says until when nothing is sent")
                time.advance(by: pause)
                try await send(message, by: adapter)
            }
            try await expectOnce("once only", by: adapter)
        }
    }

    /// A server's error may pass: it is tried again or told as transient.
    func serverError() async throws {
        let adapter = try adapter()
        try await running(adapter, TestInbox()) {
            try await world.inject(.serverError(count: 1))
            let message = message("once only", in: world.direct)
            if case .failure(let error) = try await attempt(message, by: adapter) {
                #expect(error.code == .transient, "a server's error is transient")
                #expect(error.partsDone == 0)
                try await send(message, by: adapter)
            }
            try await expectOnce("once only", by: adapter)
        }
    }

    /// A send whose answer is lost is never blindly sent again under another key.
    func lostAnswer() async throws {
        let adapter = try adapter()
        try await running(adapter, TestInbox()) {
            try await world.inject(.lostAnswer(count: 1))
            var message = message("once only", in: world.direct)
            if case .failure(let error) = try await attempt(message, by: adapter) {
                #expect(
                    [ChannelError.Code.transient, .noAnswer].contains(error.code),
                    "nobody knows what became of it: noAnswer, or transient where a repeat is shown once"
                )
                let shown = try await settledAnswers(in: world.direct, by: adapter).count
                #expect(error.partsDone <= shown, "partsDone is what the platform has")
                message.partsDone = error.partsDone
                // The host does so for a day.
                if error.code == .transient { try await send(message, by: adapter) }
            }
            try await expectOnce("once only", by: adapter)
        }
    }

    /// Formatting that the platform refuses goes as plain text.
    func badFormatting() async throws {
        let adapter = try adapter()
        try await running(adapter, TestInbox()) {
            try await world.inject(.badFormatting(count: 1))
            let message = message("**bold** words and `code`", in: world.direct)
            if case .failure(let error) = try await attempt(message, by: adapter) {
                Issue.record("refused formatting is sent without any, not given up: \(error)")
            }
            try await expectOnce("bold words and code", by: adapter)
        }
    }

    /// The account has sent exactly this, beside what the checks themselves send to know.
    private func expectOnce(_ text: String, by adapter: any ChannelAdapter) async throws {
        let shown = try await settledAnswers(in: world.direct, by: adapter).map(\.text)
        #expect(shown.filter { !$0.hasPrefix(Self.lastWords) } == [text])
    }

    /// Before its life began an adapter sends, or says that it cannot.
    func notConnected() async throws {
        let adapter = try adapter()
        let message = message("early", in: world.direct)
        switch try await attempt(message, by: adapter) {
        case .success:
            _ = try await answers(in: world.direct, when: "the message") { $0.contains { $0.text == "early" } }
        case .failure(let error):
            #expect(error.code == .notConnected)
            #expect(error.partsDone == 0)
            #expect(!error.message.isEmpty)
            try await running(adapter, TestInbox()) { try await expectOnceSent(message, by: adapter) }
        }
    }

    private func expectOnceSent(_ message: OutboundMessage, by adapter: any ChannelAdapter) async throws {
        try await send(message, by: adapter)
        try await expectOnce("early", by: adapter)
    }
}
