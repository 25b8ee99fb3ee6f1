import ChannelConformance
import ChannelKit
import Core
import Testing

@testable import ChannelAccounts

@Suite struct `The catalogue of platforms` {
    private let platform = LoopPlatform()

    @Test func `a platform is found by its channel, and of two the first counts`() throws {
        let second = LoopPlatform()
        let catalog = ChannelCatalog([platform, second])
        #expect(catalog.platforms.count == 1)
        let found = try #require(try catalog.platform("loop") as? LoopPlatform)
        #expect(found.server === platform.server)
        let error = #expect(throws: AccountError.self) { try catalog.platform("lop") }
        #expect(error?.code == .unknown)
        #expect(error?.message == "there is no channel \"lop\"; there are: loop")
        let none = #expect(throws: AccountError.self) { try ChannelCatalog([]).platform("loop") }
        #expect(none?.message.hasSuffix("there are: none") == true)
    }

    @Test func `values are completed by what is standard, without white space around them`() throws {
        #expect(try platform.complete(["token": " x\n"]) == ["token": "x", "greeting": "loop"])
        #expect(try platform.complete(["token": "x", "greeting": "hi"]) == ["token": "x", "greeting": "hi"])
        #expect(try platform.complete(["token": "x", "greeting": "  "]) == ["token": "x", "greeting": "loop"])
    }

    @Test(arguments: [[:], ["token": " \n"], ["greeting": "hi"]])
    func `what is missing is named with the word on where to find it`(values: [String: String]) {
        let error = #expect(throws: AccountError.self) { try platform.complete(values) }
        #expect(error?.code == .invalid)
        #expect(error?.message.hasPrefix("Loop needs token (the token of the account") == true)
    }

    @Test func `what is unknown is named with all that is known, and its value is not`() {
        let error = #expect(throws: AccountError.self) {
            try platform.complete(["tokn": "s3cret", "also": "x", "token": "y"])
        }
        #expect(error?.code == .invalid)
        #expect(error?.message == "Loop has no \"also\", \"tokn\"; it takes: token, greeting")
    }
}
