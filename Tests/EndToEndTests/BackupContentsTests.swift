import Foundation
import Glibc
import TestSupport
import Testing

extension BackupTests {
    // MARK: - Nothing forgotten

    /// Files of every kind that a home can hold, besides those that its host has made.
    private static let plants = """
        cd "$1"; mkdir -p groups/main/.hidden/empty; echo x > groups/main/.hidden/x-wal; ln -s nowhere groups/main/dangling
        printf '#!/bin/sh' > groups/main/tool; chmod 755 groups/main/tool; echo y > 'groups/main/a ü b'
        chmod 400 'groups/main/a ü b'; mkdir groups/other; : > groups/other/zero
        cd data/sessions/*/*; mkdir -p inbound/inbox/m_1 outbound/outbox/m_2 state/transcripts outbound.aside-1/outbox
        for place in inbound/inbox/m_1 outbound/outbox/m_2 state state/transcripts outbound.aside-1; do
            echo $place > $place/file; done
        """

    @Test func `T73 a restored home holds all that a home at rest held but what is named as left out`() async throws {
        try await Self.withPlace { place in
            let home = place + "/home"
            mkdir(home, 0o755)
            try await withHost(home: home) { host in
                _ = try await host.chat("write plan.md # Plan")
                _ = try await host.chat("send plan.md")
                _ = try await host.chat("remember the door code is 4711")
                let added = try await host.nanoclaw(
                    ["channels", "add", "webhook", "--set", "name=door", "--set", "auth=bearer", "--secret", "key=-"],
                    input: "bearer-of-the-door-4711"
                )
                #expect(added.status == 0, "\(added)")
            }
            let planted = try await run("/bin/sh", ["-ec", Self.plants, "-", home])
            try #require(planted.status == 0, "\(planted)")
            #expect(try await Self.backup("create", place + "/b", "--home", home).status == 0)
            #expect(try await Self.backup("restore", place + "/b", "--home", place + "/copy").status == 0)
            let found = try await Self.judge("kept", home, place + "/copy") as? [String: Any] ?? [:]
            #expect(found["differing"] as? [String] == [], "\(found)")
            #expect(found["foreign"] as? [String] == [], "\(found)")
            // Of each kind there was something to forget.
            let names = found["names"] as? [String] ?? []
            for part in [
                "config.yaml", "data/nanoclaw.db", "data/cli/", "/lock", "/inbound.db", "/inbox/m_1/file",
                "/outbound.db",
                "/outbox/m_2/file", "/outbound.aside-1/file", "/state/file", "/state/transcripts/t_", "/plan.md",
                "/CLAUDE.md", "/memory/", "/.hidden/empty", "/x-wal", "/dangling", "/tool", "groups/other/zero",
            ] {
                #expect(names.contains { $0.contains(part) }, "\(part) is not in \(names)")
            }
        }
    }
}
