import Core
import Testing

@testable import Commands

@Suite struct ChannelTextsTests {
    @Test func `a removal says what its platform may keep, on a line of its own`() {
        #expect(ChannelTexts.removal(of: "house", ["deleted": "house", "left": .null]) == "removed house")
        let said = ChannelTexts.removal(of: "house", ["left": "the server\nsays no"])
        #expect(said.split(separator: "\n").count == 2)
        #expect(said.hasPrefix("removed house\n! ") && said.contains("says no"))
    }
}
