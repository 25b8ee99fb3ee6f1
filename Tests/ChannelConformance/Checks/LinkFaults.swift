import ChannelKit
import Core
import Testing

/// What goes wrong with the link.
extension Stage {
    /// The longest pause between two attempts that an adapter may make.
    private static let longestPause: Duration = .seconds(300)

    /// Runs the body while pauses of an adapter without a link are cut short.
    private func reconnecting<Result>(_ body: () async throws -> Result) async throws -> Result {
        let world = world
        return try await time.hurrying(
            within: Self.longestPause,
            every: .milliseconds(20),
            when: { (try? await world.openLinks()) == 0 },
            body
        )
    }

    /// A link that is cut while a message comes loses nothing.
    func dropMidEvent() async throws {
        let inbox = TestInbox()
        try await running(try adapter(), inbox) {
            try await world.inject(.dropMidEvent)
            try await reconnecting {
                for text in ["cut off", "after it"] { _ = try await world.say(WorldSaid(text, in: world.direct)) }
                let log = try await inbox.wait(for: "both messages") {
                    Set($0.texts).isSuperset(of: ["cut off", "after it"])
                }
                for text in ["cut off", "after it"] { #expect(log.keys(of: text).count == 1) }
                #expect(log.distinctTexts == ["cut off", "after it"])
            }
        }
    }

    /// The platform asks for a new connection: messages go on, over one link.
    func reconnectRequest() async throws {
        let inbox = TestInbox()
        try await running(try adapter(), inbox) {
            _ = try await world.say(WorldSaid("before", in: world.direct))
            try await inbox.wait(forText: "before")
            try await world.inject(.reconnectRequest)
            try await reconnecting {
                _ = try await world.say(WorldSaid("after", in: world.direct))
                let log = try await inbox.wait(forText: "after")
                #expect(log.distinctTexts == ["before", "after"])
            }
            try await expectOneLink()
        }
    }

    /// After fifty dropped links there is one, and no message was lost.
    func reconnects() async throws {
        let adapter = try adapter()
        let inbox = TestInbox()
        let texts = (0..<50).map { "round \($0)" }
        try await running(adapter, inbox) {
            for text in texts {
                try await world.dropLinks()
                _ = try await world.say(WorldSaid(text, in: world.direct))
                try await reconnecting { _ = try await inbox.wait(forText: text) }
                let links = try await world.openLinks()
                #expect(links <= 1, "\(links) links are open at once")
            }
            try await expectOneLink()
            _ = try await world.say(WorldSaid("the end", in: world.direct))
            let log = try await inbox.wait(forText: "the end")
            #expect(log.distinctTexts == texts + ["the end"])
            for text in texts { #expect(log.keys(of: text).count == 1) }
            try await expectOneLink()
            #expect(adapter.health.state == .connected)
        }
    }

    /// Soon there is one link, and no second one joins it.
    private func expectOneLink() async throws {
        var links = 0
        do {
            try await eventually("one open link") {
                links = try await world.openLinks()
                return links == 1
            }
        } catch is NothingCame {
            Issue.record("an account has one link, not \(links)")
        }
        // No event tells of a link that should not be there, or that is still to come after a pause: for a while it is
        // looked for.
        try await time.hurrying(within: Self.longestPause) {
            for _ in 0..<20 {
                try await SystemTime().sleep(for: .milliseconds(20))
                links = max(links, try await world.openLinks())
            }
        }
        #expect(links <= 1, "an account has one link at a time")
    }

    /// Credentials that do not count any more are told in words, and tried again for ever.
    func revoked() async throws {
        let adapter = try adapter()
        let inbox = TestInbox()
        try await running(adapter, inbox) {
            _ = try await world.say(WorldSaid("before", in: world.direct))
            try await inbox.wait(forText: "before")
            try await world.inject(.revoked)
            let began = time.monotonic
            try await time.hurrying(within: .seconds(60)) {
                try await eventually("a health that says that the link is lost") {
                    adapter.health.state == .disconnected
                }
            }
            #expect(time.monotonic - began <= .seconds(120), "a lost link is told within two minutes")
            try expectWords(adapter.health.detail)
            if case .failure(let error) = try await attempt(message("not now", in: world.direct), by: adapter) {
                #expect(error.code != .rejected, "the message is not at fault: \(error)")
                try expectNoSecret(in: "\(error)")
            }
            guard try await world.restore() else {
                // It must still be trying after its next pauses.
                let time = time
                try await time.hurrying(within: Self.longestPause) {
                    try await SystemTime().sleep(for: .milliseconds(500))
                }
                if let end = inbox.ended { throw end }
                return
            }
            try await time.hurrying(within: Self.longestPause) {
                _ = try await world.say(WorldSaid("there again", in: world.direct))
                try await inbox.wait(forText: "there again")
                try await eventually("a connected adapter") { adapter.health.state == .connected }
            }
        }
    }

    /// Health says why, and gives no secret away.
    private func expectWords(_ detail: String?) throws {
        let detail = try #require(detail, "health says why the link is lost")
        #expect(detail.contains(" "), "in words, not \"\(detail)\"")
        try expectNoSecret(in: detail)
    }

    private func expectNoSecret(in text: String) throws {
        for field in world.platform.fields where field.isSecret {
            let secret = world.account.values[field.key]
            #expect(secret.isEmpty || !text.contains(secret), "the \(field.key) is a secret")
        }
    }

    /// Another program with the same credentials is told, and outlived.
    func secondPoller() async throws {
        let adapter = try adapter()
        let inbox = TestInbox()
        try await running(adapter, inbox) {
            try await world.inject(.secondPoller)
            try await eventually("a health that says that another program is there") {
                adapter.health.state == .disconnected
            }
            try expectWords(adapter.health.detail)
            try await time.hurrying(within: Self.longestPause) {
                _ = try await world.say(WorldSaid("there again", in: world.direct))
                try await inbox.wait(forText: "there again")
                try await eventually("a connected adapter") { adapter.health.state == .connected }
            }
        }
    }
}
