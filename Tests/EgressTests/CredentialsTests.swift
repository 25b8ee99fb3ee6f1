import Glibc
import LinuxIO
import TestSupport
import Testing

@testable import Egress

struct CredentialsTests {
    private func with(
        _ environment: [String: String] = [:],
        _ body: (Credentials, String) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { path in
            try await body(Credentials(directory: "\(path)/credentials") { environment[$0] }, path)
        }
    }

    private func write(_ text: String, _ path: String) throws {
        try Directory(path: String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
            .replace(String(path.split(separator: "/").last ?? ""), with: Array(text.utf8), mode: 0o600)
    }

    private func failure(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch let error as EgressError {
            return error.message
        } catch {
            return "not an EgressError: \(error)"
        }
    }

    @Test func `T44 a key is copied whole, for its owner only, and read back`() async throws {
        try await with { credentials, path in
            #expect(try credentials.key(for: "mine") == nil)
            try write("  sk-abc\n", "\(path)/key.txt")
            try credentials.store("mine", Credentials.read("\(path)/key.txt"))
            #expect(try credentials.key(for: "mine") == "sk-abc")
            var status = stat()
            #expect(stat("\(path)/credentials/mine", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            #expect(stat("\(path)/credentials", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o700)
            try write("sk-new", "\(path)/key.txt")
            try credentials.store("mine", Credentials.read("\(path)/key.txt"))
            #expect(try credentials.key(for: "mine") == "sk-new")
            try credentials.remove("mine")
            #expect(try credentials.key(for: "mine") == nil)
            try credentials.remove("mine")
        }
    }

    @Test func `the environment variable of the name wins over the file`() async throws {
        try await with(["NANOCLAW_KEY_MY_LLM": "from-env", "NANOCLAW_KEY_EMPTY": ""]) { credentials, path in
            try write("from-file", "\(path)/key.txt")
            try credentials.store("my-llm", Credentials.read("\(path)/key.txt"))
            try credentials.store("empty", Credentials.read("\(path)/key.txt"))
            #expect(try credentials.key(for: "my-llm") == "from-env")
            #expect(try credentials.key(for: "empty") == "from-file")
        }
    }

    @Test func `a file that others can read is refused with the way to close it`() async throws {
        try await with { credentials, path in
            try write("sk-abc", "\(path)/key.txt")
            try credentials.store("mine", Credentials.read("\(path)/key.txt"))
            chmod("\(path)/credentials/mine", 0o640)
            let message = failure { _ = try credentials.key(for: "mine") }
            #expect(message?.contains("chmod 600") == true)
            #expect(message?.contains("sk-abc") == false)
        }
    }

    @Test func `a link in place of the file is refused`() async throws {
        try await with { credentials, path in
            try write("sk-abc", "\(path)/key.txt")
            mkdir("\(path)/credentials", 0o700)
            symlink("\(path)/key.txt", "\(path)/credentials/soft")
            link("\(path)/key.txt", "\(path)/credentials/hard")
            #expect(failure { _ = try credentials.key(for: "soft") } != nil)
            #expect(failure { _ = try credentials.key(for: "hard") } != nil)
        }
    }

    @Test(arguments: [
        "", " \n", "two words", "a\nb", "a\r\nx-evil: 1", "schlüssel", String(repeating: "x", count: 8193),
    ])
    func `what is no key is not kept`(text: String) async throws {
        try await with { credentials, path in
            try write(text, "\(path)/key.txt")
            #expect(failure { try credentials.store("mine", Credentials.read("\(path)/key.txt")) } != nil)
            #expect(try credentials.key(for: "mine") == nil)
        }
    }

    @Test func `a pipe is no key file, and nobody waits for it`() async throws {
        try await with { _, path in
            mkfifo("\(path)/pipe", 0o600)
            #expect(failure { _ = try Credentials.read("\(path)/pipe") }?.contains("no regular file") == true)
        }
    }

    @Test func `a missing key file is named`() async throws {
        try await with { credentials, path in
            #expect(
                failure { try credentials.store("mine", Credentials.read("\(path)/none")) }?.contains("\(path)/none")
                    == true
            )
        }
    }

    @Test(arguments: ["", "..", "a/b", ".", "a b", "ü", "a\u{0}"])
    func `a name that is no identifier is refused`(name: String) async throws {
        try await with { credentials, _ in
            #expect(failure { _ = try credentials.key(for: name) } != nil)
            #expect(failure { try credentials.remove(name) } != nil)
        }
    }
}
