import ChannelKit
import Testing

/// Files that people send.
extension Stage {
    /// A file comes with the bytes that it had, and nothing is left of it once its message is taken.
    func fileIn() async throws {
        let bytes = Self.bytes(150_000)
        let inbox = TestInbox()
        try await running(try adapter(), inbox) {
            _ = try await world.say(WorldSaid("look at this", in: world.direct, files: [("plan v2.dat", bytes)]))
            // Where text and file are two messages they come as two.
            let log = try await inbox.wait(for: "a message with a file and its text") { log in
                log.events.contains { !$0.attachments.isEmpty } && log.texts.contains { $0.contains("look at this") }
            }
            let files = log.events.flatMap(\.attachments)
            #expect(files.map(\.name) == ["plan v2.dat"])
            #expect(log.files.map(\.digest) == [FileDigest.of(bytes)], "the bytes arrive as they were")
            for path in log.files.compactMap(\.path) {
                #expect(path.hasPrefix(media + "/"), "files that come in are in the folder that the host lends")
            }
            try await expectNoFilesLeft(inbox)
        }
    }

    /// A file that is too large leaves its text, and says in words that it was there.
    func oversizeFileIn() async throws {
        let bytes = Self.bytes(Self.smallLimit * 2)
        let inbox = TestInbox()
        try await running(try adapter(), inbox) {
            _ = try await world.say(WorldSaid("a big one", in: world.direct, files: [("big.dat", bytes)]))
            let log = try await inbox.wait(for: "the text, and words on the file") { log in
                let text = log.texts.joined(separator: "\n")
                return text.contains("a big one") && text.contains("big.dat") && text.contains("was not fetched")
            }
            #expect(log.events.allSatisfy { $0.attachments.isEmpty })
            try await expectNoFilesLeft(inbox)
        }
    }

    private func expectNoFilesLeft(_ inbox: TestInbox) async throws {
        _ = try await world.say(WorldSaid("next", in: world.direct))
        try await inbox.wait(forText: "next")
        do {
            try await eventually("an empty folder") { try await FileDigest.names(in: media).isEmpty }
        } catch is NothingCame {
            Issue.record("files are left behind: \(try await FileDigest.names(in: media))")
        }
    }
}
