import Core
import Foundation
import TestSupport
import Testing

@testable import Commands

@Suite struct `Values of a new account` {
    private let platform: JSONValue = [
        "channel": "loop",
        "fields": [
            ["key": "token", "help": "the token", "secret": true, "asked": true],
            ["key": "greeting", "help": "a word", "secret": false, "asked": true, "standard": "hi"],
        ],
    ]

    @Test func `settings are taken as they stand, secrets from their files`() async throws {
        try await withTemporaryDirectory { folder in
            try Data("s3cret\n".utf8).write(to: URL(filePath: "\(folder)/token"))
            let values = try ChannelPrompt(platform: platform)
                .values(settings: ["greeting=a=b"], secrets: ["token=\(folder)/token"])
            #expect(values == ["greeting": "a=b", "token": "s3cret\n"])
        }
    }

    @Test func `a secret on the command line is refused, and not repeated`() throws {
        let refusal = #expect(throws: CommandFailure.self) {
            try ChannelPrompt(platform: platform).values(settings: ["greeting=x", "token=s3cret"], secrets: [])
        }
        let words = try #require(refusal.map { "\($0)" })
        #expect(words.contains("--secret token=FILE") && !words.contains("s3cret"))
    }

    @Test func `a file that is not there or is too long is said with its name`() async throws {
        try await withTemporaryDirectory { folder in
            try Data(repeating: 0x78, count: 16 * 1024 + 1).write(to: URL(filePath: "\(folder)/long"))
            for (name, reason) in [("none", "cannot be read"), ("long", "is longer than")] {
                let refusal = #expect(throws: CommandFailure.self) {
                    try ChannelPrompt(platform: platform).values(settings: [], secrets: ["token=\(folder)/\(name)"])
                }
                #expect(refusal.map { "\($0)" }?.contains("\(folder)/\(name) \(reason)") == true)
            }
        }
    }
}
