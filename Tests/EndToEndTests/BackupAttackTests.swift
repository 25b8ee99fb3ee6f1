import Foundation
import Glibc
import TestSupport
import Testing

extension BackupTests {
    // MARK: - What an agent has made

    @Test func `an outbound.db that would be checked for minutes is told at once, and keeps nobody from restoring`()
        async throws
    {
        try await Self.withTalk { place, home in
            _ = try await Self.judge("bomb", home)
            #expect(try await Self.backup("create", place + "/b", "--home", home).status == 0)
            let start = ContinuousClock().now
            let verified = try await Self.backup("verify", place + "/b")
            #expect(verified.status == 0, "\(verified)")
            #expect(verified.output.contains("the host will set it aside: its schema is not the one"), "\(verified)")
            #expect(try await Self.backup("restore", place + "/b", "--home", place + "/copy").status == 0)
            #expect(ContinuousClock().now - start < .seconds(30))
        }
    }

    @Test func `what an agent has closed to its own user is in a backup, and as closed after a restore`() async throws {
        let user: UInt32? = getuid() == 0 ? 65_534 : nil
        try await Self.withPlace(user) { place in
            let home = place + "/home"
            mkdir(home, 0o755)
            if let user { chown(home, user, user) }
            try await withHost(home: home, user: user) { host in _ = try await host.chat("run echo hello") }
            func shell(_ script: String, _ home: String) async throws -> Finished {
                try await run("/bin/sh", ["-ec", "cd \"$1/groups/main\"; \(script)", "-", home], user: user)
            }
            let closed = try await shell(
                """
                mkdir -p work/inner; echo kept > work/inner/secret; echo kept > alone
                chmod 000 work/inner/secret work/inner work alone ../../data/sessions/*/*/outbound/outbound.db
                """,
                home
            )
            #expect(closed.status == 0, "\(closed)")
            let made = try await Self.backup("create", place + "/b", "--home", home, user: user)
            #expect(made.status == 0 && !made.output.contains("cannot be read"), "\(made)")
            // What a restore that was killed has left may be as closed.
            let copy = place + "/copy"
            let left = try await run(
                "/bin/sh",
                ["-ec", "mkdir -p \"$1/closed/inner\"; chmod 000 \"$1/closed\"", "-", copy + "/.nanoclaw-restore"],
                user: user
            )
            #expect(left.status == 0, "\(left)")
            let restored = try await Self.backup("restore", place + "/b", "--home", copy, user: user)
            #expect(restored.status == 0, "\(restored)")
            for one in [home, copy] {
                // One after the other, for each is closed until it is looked at.
                let seen = try await shell(
                    """
                    for name in alone work work/inner work/inner/secret ../../data/sessions/*/*/outbound/outbound.db
                    do stat -c %a $name; chmod 700 $name; done; cat work/inner/secret
                    """,
                    one
                )
                #expect(seen.output == "0\n0\n0\n0\n0\nkept\n", "\(one): \(seen)")
            }
        }
    }

    @Test func `a backup that lacks contents is kept and ends with status 1, however much of it an agent asks for`()
        async throws
    {
        try await Self.withTalk { place, home in
            mkfifo(home + "/groups/main/pipe", 0o600)
            #expect(try await Self.backup("create", place + "/a", "--home", home).status == 0)
            // Terabytes that take no room, and a database larger than any runner's.
            let plant = "cd \"$1\"; truncate -s 1T groups/main/one groups/main/two; truncate -s 200M"
            let planted = try await run(
                "/bin/sh",
                ["-ec", "\(plant) data/sessions/*/*/outbound/outbound.db", "-", home]
            )
            #expect(planted.status == 0, "\(planted)")
            let made = try await Self.backup("create", place + "/b", "--home", home)
            #expect(made.status == 1 && made.errors.contains("lacks contents of 3 names"), "\(made)")
            for word in ["main/one: it is sparse", "main/two: it is sparse", "over 8388608 bytes", "pipe: a pipe"] {
                #expect(made.output.contains(word), "\(word): \(made)")
            }
            let size = try FileManager.default.attributesOfItem(atPath: place + "/b")[.size] as? Int
            #expect(size ?? .max < 100 << 20)
            #expect(try await Self.backup("verify", place + "/b").status == 0)
            #expect(try await Self.backup("restore", place + "/b", "--home", place + "/copy").status == 0)
        }
    }

    // MARK: - Killed at its end

    @Test func `a restore that was killed among its last moves says what to remove, and the next one makes the home`()
        async throws
    {
        try await Self.withTalk { place, home in
            #expect(try await Self.backup("create", place + "/b", "--home", home).status == 0)
            let copy = place + "/a copy"
            #expect(try await Self.backup("restore", place + "/b", "--home", copy).status == 0)
            // The database was still to be moved.
            mkdir(copy + "/.nanoclaw-restore", 0o700)
            #expect(rename(copy + "/data", copy + "/.nanoclaw-restore/data") == 0)
            let half = try await Self.backup("restore", place + "/b", "--home", copy)
            #expect(half.status == 1, "\(half)")
            let words = half.errors.split(separator: "`")
            let command = try #require(words.count == 3 ? String(words[1]) : nil, "\(half)")
            let parts = [".nanoclaw-restore", "config.yaml", "groups"].map { "'\(copy)/\($0)'" }.joined(separator: " ")
            #expect(command == "rm -rf \(parts)")
            #expect(try await run("/bin/sh", ["-ec", command]).status == 0)
            #expect(try await Self.backup("restore", place + "/b", "--home", copy).status == 0)
            // Nothing was to be moved any more: the home is whole.
            mkdir(copy + "/.nanoclaw-restore", 0o700)
            let whole = try await Self.backup("restore", place + "/b", "--home", copy)
            #expect(whole.status == 1 && whole.errors.contains("it is not empty"), "\(whole)")
            #expect(access(copy + "/.nanoclaw-restore", F_OK) != 0 && access(copy + "/data/nanoclaw.db", F_OK) == 0)
        }
    }
}
