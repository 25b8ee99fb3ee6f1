import Foundation
import Glibc

/// A place where systemd seems to run: `Tests/Judges/systemctl.sh` plays its part for a plain user.
enum PlayedSystemd {
    /// Whether such a place can be made here: for root, where there is a systemctl.
    static var isPossible: Bool {
        getuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/systemctl")
    }

    /// Runs a command there as the plain user of a scene, whose folder keeps units and calls below `config`.
    static func run(_ scene: UpgradeScene, _ words: [String]) async throws -> Finished {
        let judge = Release.checkout.appending(path: "Tests/Judges/systemctl.sh").path
        let script = """
            cp '\(judge)' '\(scene.path)/systemctl' && mount --bind '\(scene.path)/systemctl' /usr/bin/systemctl && \
            mount -t tmpfs run /run && mkdir -p /run/systemd/system && exec /usr/bin/setpriv --reuid 65534 \
            --regid 65534 --clear-groups "$@"
            """
        return try await EndToEndTests.run(
            "/usr/bin/unshare",
            ["--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh"] + words,
            environment: ["XDG_CONFIG_HOME": scene.path + "/config", "HOME": scene.path]
        )
    }
}
