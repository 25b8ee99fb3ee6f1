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
            let copy = place + "/copy"
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
}
