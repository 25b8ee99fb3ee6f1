import Foundation
import TestSupport
import Testing

/// A small disk for a home: a file system in a file, which only root can mount.
enum SmallDisk {
    /// A disk of 160 MiB and 8,000 files as ext4: the reserve is a twentieth, 8 MiB or 400 files.
    static func with(_ kind: String = "ext4", _ body: (String) async throws -> Void) async throws {
        let make = ["ext4": "mkfs.ext4 -q -m 0 -N 8000", "xfs": "mkfs.xfs -q", "btrfs": "mkfs.btrfs -q"]
        let size = kind == "ext4" ? "160M" : "320M"
        try await withTemporaryDirectory { path in
            chmod(path, 0o755)
            let script = """
                truncate -s \(size) \(path)/disk && \(make[kind] ?? "false") \(path)/disk && mkdir \(path)/home \
                && mount -o loop \(path)/disk \(path)/home
                """
            let mounted = try await run("/bin/sh", ["-c", script])
            try #require(mounted.status == 0, "\(mounted)")
            var failure: (any Error)?
            do {
                try await body("\(path)/home")
            } catch {
                failure = error
            }
            _ = try await run("/bin/umount", ["-l", "\(path)/home"])
            if let failure { throw failure }
        }
    }

    /// `user`: whose the disk is, and who the host runs as.
    static func withHost(
        _ kind: String = "ext4",
        user: UInt32? = nil,
        _ body: (TestHost) async throws -> Void
    ) async throws {
        try await with(kind) { home in
            if let user { chown(home, user, user) }
            try await EndToEndTests.withHost(home: home, user: user, body)
        }
    }

    /// Takes what is free for `filler`, to which it may have given some before.
    static func fill(_ home: String) async throws {
        _ = try await run("/bin/sh", ["-c", "cat /dev/zero >> \(home)/filler 2>/dev/null; true"])
    }
}
