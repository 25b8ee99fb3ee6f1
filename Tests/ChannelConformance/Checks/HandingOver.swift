import ChannelKit
import Core
import Testing

/// What becomes of messages between the platform and the host's store.
extension Stage {
    /// A repeat of the platform's has the key of the first.
    func duplicate() async throws {
        let inbox = TestInbox()
        try await running(try adapter(), inbox) {
            try await world.inject(.duplicateEvent)
            _ = try await world.say(WorldSaid("twice", in: world.direct))
            _ = try await world.say(WorldSaid("once", in: world.direct))
            let log = try await inbox.wait(forText: "once")
            let twice = log.events.filter { $0.content.text == "twice" }
            let first = try #require(twice.first)
            #expect(twice.allSatisfy { $0.dedupKey == first.dedupKey }, "a repeat has the same key: \(twice)")
            #expect(twice.allSatisfy { $0.platformMessageID == first.platformMessageID })
            #expect(!log.keys(of: "once").contains(first.dedupKey))
        }
    }

    /// Messages that come in another order all come.
    func reordered() async throws {
        let inbox = TestInbox()
        try await running(try adapter(), inbox) {
            try await world.inject(.reorder)
            let texts = ["first", "second", "third"]
            for text in texts { _ = try await world.say(WorldSaid(text, in: world.direct)) }
            let log = try await inbox.wait(for: "three messages") { Set($0.texts).isSuperset(of: texts) }
            for text in texts { #expect(log.keys(of: text).count == 1, "\"\(text)\" has one key") }
            #expect(log.distinctTexts.sorted() == texts.sorted())
        }
    }

    /// What the host could not store comes again, before what was written after it.
    func storeFailure() async throws {
        let inbox = TestInbox()
        let texts = ["first", "second", "third"]
        try await running(try adapter(), inbox) {
            inbox.refuse(2)
            for text in texts { _ = try await world.say(WorldSaid(text, in: world.direct)) }
            let log = try await inbox.wait(for: "three messages") { Set($0.texts).isSuperset(of: texts) }
            #expect(log.distinctTexts == texts, "messages of one chat stay in order")
            #expect(log.refused.count == 2)
            for text in texts {
                #expect(log.keys(of: text).count == 1, "\"\(text)\" keeps its key when it comes again")
            }
        }
    }

    /// After a restart what was not stored comes, and what was stored is known by its key.
    func restart() async throws {
        let first = TestInbox()
        try await running(try adapter(), first) {
            _ = try await world.say(WorldSaid("stored", in: world.direct))
            try await first.wait(forText: "stored")
        }
        let second = TestInbox()
        // Not all: what was stored may come again first, and is taken again.
        second.refuse(text: "refused")
        try await running(try adapter(), second) {
            _ = try await world.say(WorldSaid("refused", in: world.direct))
            try await second.wait(for: "a refusal") { !$0.keys(of: "refused").isEmpty }
        }
        let third = TestInbox()
        try await running(try adapter(), third) {
            _ = try await world.say(WorldSaid("new", in: world.direct))
            let log = try await third.wait(forText: "new")
            #expect(
                log.distinctTexts.filter { $0 != "stored" } == ["refused", "new"],
                "what was not stored comes first"
            )
            #expect(log.keys(of: "refused") == second.log.keys(of: "refused"))
            let again = log.keys(of: "stored").union(second.log.keys(of: "stored"))
            #expect(
                again.isSubset(of: first.log.keys(of: "stored")),
                "what was stored comes again with its key, or never"
            )
        }
    }

    /// What was written while nothing ran comes.
    func backlog() async throws {
        let first = TestInbox()
        try await running(try adapter(), first) {
            _ = try await world.say(WorldSaid("before", in: world.direct))
            try await first.wait(forText: "before")
        }
        let texts = ["missed 1", "missed 2", "missed 3"]
        for text in texts { _ = try await world.say(WorldSaid(text, in: world.direct)) }
        if let group = world.group {
            _ = try await world.say(WorldSaid("missed in the group", in: group, mentionsAgent: true))
        }
        let second = TestInbox()
        try await running(try adapter(), second) {
            let all = texts + (world.group == nil ? [] : ["missed in the group"])
            let log = try await second.wait(for: "what was written meanwhile") { Set($0.texts).isSuperset(of: all) }
            #expect(log.distinctTexts.filter(texts.contains) == texts, "messages of one chat stay in order")
            for text in all { #expect(log.keys(of: text).count == 1) }
            #expect(log.keys(of: "before").isSubset(of: first.log.keys(of: "before")))
        }
    }
}
