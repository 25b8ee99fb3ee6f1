import Testing

@testable import Commands

/// A word that is no verb, wherever the home is named.
struct UnknownVerbTests {
    private func complaint(_ words: String...) -> String? {
        NanoclawCommand.unknownVerb(in: ArgumentOrder.normalized(words))
    }

    @Test func `an unknown verb is named with those that there are, not the home before it`() throws {
        for words in [
            complaint("frobnicate"), complaint("--home", "/h", "frobnicate"), complaint("--home=/h", "frobnicate"),
        ] {
            let text = try #require(words)
            #expect(text.contains("\"frobnicate\""))
            #expect(text.contains("chat"))
            #expect(text.contains("`nanoclaw --help`"))
            #expect(!text.contains("home"))
        }
        let below = try #require(complaint("--home", "/h", "groups", "frob"))
        #expect(
            below.contains("\"groups frob\"") && below.contains("create") && below.contains("`nanoclaw groups --help`")
        )
    }

    @Test func `what is a verb, an option or help is left to the parser`() {
        #expect(complaint() == nil)
        #expect(ArgumentOrder.normalized(["--home", "/h"]).isEmpty)
        #expect(complaint("--help") == nil)
        #expect(complaint("help", "chat") == nil)
        #expect(complaint("--home", "/h", "status") == nil)
        #expect(complaint("groups", "config", "get", "main") == nil)
        #expect(complaint("logs", "runner", "se_1") == nil)
        #expect(complaint("sandbox", "exec", "--", "frob") == nil)
        #expect(complaint("groups", "--frob") == nil)
    }
}
