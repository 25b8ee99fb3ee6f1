import Core
import Glibc
import LinuxIO
import TestSupport
import Testing

@testable import ChannelAccounts

@Suite struct `Secrets of accounts` {
    private func withCredentials(_ body: (ChannelCredentials, String) async throws -> Void) async throws {
        try await withTemporaryDirectory { home in
            #expect(mkdir("\(home)/data", 0o700) == 0)
            try await body(ChannelCredentials(home: home), "\(home)/data/credentials/channels")
        }
    }

    private func mode(_ path: String) throws -> UInt32 {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw Errno.last("lstat \(path)") }
        return status.st_mode & 0o777
    }

    private func refusal(_ credentials: ChannelCredentials, _ name: String) async throws -> AccountError {
        try #require(await #expect(throws: AccountError.self) { try await credentials.secrets(of: name) })
    }

    @Test func `they are kept in a file of their own that nobody else can read`() async throws {
        try await withCredentials { credentials, folder in
            #expect(try await credentials.secrets(of: "bot").isEmpty)
            try await credentials.store(["token": "s3cret"], of: "bot")
            try await credentials.store(["token": "other"], of: "second")
            #expect(try await credentials.secrets(of: "bot") == ["token": "s3cret"])
            #expect(try mode("\(folder)/bot") == 0o600)
            #expect(try mode(folder) == 0o700)
            try await credentials.store(["token": "newer"], of: "bot")
            #expect(try await credentials.secrets(of: "bot") == ["token": "newer"])
            #expect(try Directory(path: folder).names().sorted() == ["bot", "second"])
            try await credentials.remove("bot")
            try await credentials.remove("bot")
            #expect(try await credentials.secrets(of: "bot").isEmpty)
            #expect(try await credentials.secrets(of: "second") == ["token": "other"])
        }
    }

    @Test(arguments: [0o640, 0o604, 0o660] as [mode_t])
    func `a file that is open to others is refused with the command that closes it`(mode: mode_t) async throws {
        try await withCredentials { credentials, folder in
            try await credentials.store(["token": "s3cret"], of: "bot")
            #expect(chmod("\(folder)/bot", mode) == 0)
            let error = try await refusal(credentials, "bot")
            #expect(error.code == .credential)
            #expect(error.message.contains("chmod 600 \(folder)/bot"))
            #expect(!"\(error)".contains("s3cret"))
        }
    }

    @Test func `a link in place of a file or of the folder is refused`() async throws {
        try await withCredentials { credentials, folder in
            try await credentials.store(["token": "s3cret"], of: "bot")
            #expect(symlink("\(folder)/bot", "\(folder)/link") == 0)
            #expect(try await refusal(credentials, "link").code == .credential)
            #expect(symlink("/etc/passwd", "\(folder)/passwd") == 0)
            let error = try await refusal(credentials, "passwd")
            #expect(error.code == .credential)
            #expect(!"\(error)".contains("root:"))
        }
    }

    @Test(arguments: ["", "{", "[]", "{\"token\": 7}", "{\"token\": \"s3cret\""])
    func `what is no object of texts is refused without showing it`(text: String) async throws {
        try await withCredentials { credentials, folder in
            try await credentials.store([:], of: "bot")
            try Directory(path: folder).replace("bot", with: Array(text.utf8), mode: 0o600)
            let error = try await refusal(credentials, "bot")
            #expect(error.code == .credential)
            #expect(error.message.contains("add it again"))
            #expect(!"\(error)".contains("s3cret"))
        }
    }
}
