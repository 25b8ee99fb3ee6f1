import ChannelNetwork
import Core
import Testing

@testable import ChannelDiscord

@Suite struct MemoryTests {
    private func message(_ text: String?, edited stamp: String?) -> WireMessage {
        WireMessage(id: "1", channelID: "2", content: text, editedTimestamp: stamp)
    }

    @Test func tellsEditsFromOtherUpdates() {
        var memory = MessageMemory()
        // Of a message that was not seen only the time tells.
        #expect(memory.isEdit(message("a", edited: "t1")))
        #expect(!memory.isEdit(message("a", edited: nil)))
        memory.saw(message("a", edited: nil))
        #expect(!memory.isEdit(message("a", edited: nil)))
        #expect(!memory.isEdit(message("a", edited: "t1")))
        #expect(!memory.isEdit(message(nil, edited: "t1")))
        #expect(memory.isEdit(message("b", edited: "t1")))
        memory.saw(message("b", edited: "t1"))
        // A preview that comes later repeats the time.
        #expect(!memory.isEdit(message("b", edited: "t1")))
        #expect(memory.isEdit(message("c", edited: "t2")))
    }

    @Test func remembersTheLatestChats() throws {
        var recent = RecentChats()
        recent.took("100", in: "1", ChannelFacts(guild: "9", parent: "5"))
        recent.took("90", in: "1", ChannelFacts(guild: "9", parent: "5"))
        #expect(recent.chats == [.init(id: "1", guild: "9", parent: "5", last: "100")])
        recent.passed("110", in: "1")
        recent.passed("110", in: "2")
        #expect(recent.chats.map(\.last) == ["110"])
        for number in 10..<100 { recent.took("\(number)", in: "\(number)", ChannelFacts(guild: nil)) }
        #expect(recent.chats.count == 64)
        #expect(recent.chats.first?.id == "99")
        let read = RecentChats(json: try recent.json())
        #expect(read == recent)
        #expect(read.chats(of: "9").isEmpty)
        #expect(RecentChats(json: "nonsense").chats.isEmpty)
        #expect(RecentChats(json: #"[{"id":"x","last":"1"}]"#).chats.isEmpty)
    }

    @Test func keepsWithinBounds() {
        var cache = BoundedCache<Int, Int>(most: 10)
        for number in 0..<1_000 {
            cache[number] = number
            #expect(cache.count <= 10)
            #expect(cache[number] == number)
        }
        cache[999] = nil
        #expect(cache[999] == nil)
    }
}
