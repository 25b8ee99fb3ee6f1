import Foundation
import TestSupport
import Testing

/// A home on a file system that keeps no locks.
@Suite(.timeLimit(.minutes(1)))
struct HomeFileSystemTests {
    @Test func `T24 a home on FUSE is refused before anything is written, by name and with what to do`() async throws {
        guard getuid() == 0, access("/usr/bin/bindfs", X_OK) == 0, access("/dev/fuse", R_OK | W_OK) == 0 else {
            print("skipped: root, bindfs and /dev/fuse are needed for a real FUSE mount")
            return
        }
        try await withTemporaryDirectory { path in
            for name in ["below", "home"] { mkdir("\(path)/\(name)", 0o755) }
            let mounted = try await run("/usr/bin/bindfs", ["\(path)/below", "\(path)/home"])
            guard mounted.status == 0 else {
                print("skipped: bindfs cannot mount here: \(mounted.errors)")
                return
            }
            let up = try await run(Release.nanoclaw.path, ["up", "--home", "\(path)/home"])
            let doctor = try await run(Release.nanoclaw.path, ["doctor", "--home", "\(path)/home"])
            _ = try await run("/bin/umount", ["-l", "\(path)/home"])
            #expect(up.status == 78, "\(up)")
            for word in ["\(path)/home", "FUSE", "local disk"] { #expect(up.errors.contains(word), "\(up)") }
            #expect(doctor.status == 1 && doctor.output.contains("FUSE"), "\(doctor)")
            let left = try FileManager.default.subpathsOfDirectory(atPath: "\(path)/below")
            #expect(left == [], "\(left)")
        }
    }
}
