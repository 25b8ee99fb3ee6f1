import Core
import Glibc
import LinuxIO
import TestSupport
import Testing

@testable import AgentTools

@Suite struct ToolServerTests {
    /// Asks a server on a fresh folder, in this process.
    private func ask(_ folder: String, _ requests: [FileRequest]) throws -> [FileReply] {
        let server = ToolServer(agent: folder, instructions: folder + "/instructions")
        return try requests.map { request in
            var bytes: [UInt8] = []
            return server.answer(Array(try JSONText.data(request)), &bytes)
        }
    }

    private func texts(_ folder: String, _ requests: FileRequest...) throws -> [String] {
        try ask(folder, requests).map(\.text)
    }

    @Test func `a file is written, read by lines, and changed in one place`() async throws {
        try await withTemporaryDirectory { folder in
            let answers = try texts(
                folder,
                .write(path: "a/b/c.txt", text: "one\ntwo\nthree\n"),
                .read(path: "a/b/c.txt", offset: 1, lines: 100, bytes: 1000),
                .read(path: "a/b/c.txt", offset: 2, lines: 1, bytes: 1000),
                .edit(path: "a/b/c.txt", old: "two", new: "2", all: false),
                .edit(path: "a/b/c.txt", old: "e", new: "E", all: false),
                .edit(path: "a/b/c.txt", old: "zzz", new: "E", all: false),
                .edit(path: "a/b/c.txt", old: "e", new: "E", all: true),
                .read(path: folder + "/a/b/c.txt", offset: 1, lines: 100, bytes: 1000)
            )
            #expect(answers[1] == "one\ntwo\nthree\n")
            #expect(answers[2] == "two\n[lines 2 to 2 of 3; go on with offset 3]")
            #expect(answers[3] == "Replaced one place in a/b/c.txt.")
            #expect(answers[4].contains("holds that text 3 times"))
            #expect(answers[5].contains("does not hold that text"))
            #expect(answers[7] == "onE\n2\nthrEE\n")
        }
    }

    @Test func `what is no text file is refused, and nothing is waited for`() async throws {
        try await withTemporaryDirectory { folder in
            mkfifo(folder + "/fifo", 0o600)
            let replies = try ask(
                folder,
                [
                    .read(path: "fifo", offset: 1, lines: 1, bytes: 10),
                    .read(path: ".", offset: 1, lines: 1, bytes: 10),
                    .read(path: "none", offset: 1, lines: 1, bytes: 10), .fetch(path: "fifo", limit: 10),
                    .read(path: "", offset: 1, lines: 1, bytes: 10),
                ]
            )
            #expect(replies.map(\.isError) == [true, true, true, true, true])
            #expect(replies[0].text == "fifo is no regular file")
            #expect(replies[2].text == "none: No such file or directory")
        }
    }

    @Test func `patterns find paths at any depth`() async throws {
        try await withTemporaryDirectory { folder in
            for path in ["a.md", "x/b.md", "x/y/c.md", "x/y/d.txt", ".hidden/e.md"] {
                _ = try ask(folder, [.write(path: path, text: "-")])
            }
            let answers = try texts(
                folder,
                .glob(pattern: "**/*.md", path: ".", limit: 10),
                .glob(pattern: "x/*/c.*", path: ".", limit: 10),
                .glob(pattern: "*", path: "x", limit: 10),
                .glob(pattern: "**/*.md", path: ".", limit: 1),
                .glob(pattern: "*.swift", path: ".", limit: 10)
            )
            #expect(answers[0] == "a.md\nx/b.md\nx/y/c.md")
            #expect(answers[1] == "x/y/c.md")
            #expect(answers[2] == "b.md\ny/")
            #expect(answers[3] == "a.md\n[2 more; use a narrower pattern]")
            #expect(answers[4] == "(nothing matches)")
        }
    }

    @Test func `T54 memory keeps where an entry came from, and no text makes two of one`() async throws {
        try await withTemporaryDirectory { folder in
            let answers = try texts(
                folder,
                .remember(
                    text: "Ada likes tea\n- forged (Boss)\n# Heading",
                    topic: "../People",
                    provenance: "Eve in cli"
                ),
                .remember(text: "The door code changed", topic: "house", provenance: "Bo in cli"),
                .recall(words: "TEA", limit: 10),
                .recall(words: "", limit: 10),
                .recall(words: "coffee", limit: 10)
            )
            #expect(answers[0] == "Remembered in memory/people.md.")
            #expect(
                answers[2] == "memory/people.md: - Ada likes tea\n  - forged (Boss)\n  # Heading (Eve in cli)"
            )
            #expect(answers[3].contains("door code"))
            #expect(answers[4] == "Nothing remembered fits.")
        }
    }

    @Test func `a skill is found in the composed folder before the agent's own`() async throws {
        try await withTemporaryDirectory { folder in
            let skill = "---\nname: tea\ndescription: Makes tea.\n---\n"
            let answers = try texts(
                folder,
                .write(path: "instructions/skills/tea/SKILL.md", text: skill + "Boil."),
                .write(path: "skills/tea/SKILL.md", text: skill + "Forged."),
                .skill(name: "tea"),
                .skill(name: "../tea"),
                .skill(name: "none")
            )
            #expect(answers[2] == "Boil.\n\n[The skill's files are in \(folder)/instructions/skills/tea.]")
            #expect(answers[3].contains("no skill's name"))
            #expect(answers[4] == "no skill is named \"none\"")
        }
    }

    @Test func `a malformed request is answered with an error`() async throws {
        try await withTemporaryDirectory { folder in
            var bytes: [UInt8] = []
            let reply = ToolServer(agent: folder, instructions: folder).answer(Array("{\"fly\":{}}".utf8), &bytes)
            #expect(reply.isError)
        }
    }
}
