import Foundation
import Glibc
import TestSupport
import Testing

/// A home with conversations, the programs of its release, and another release beside it.
///
/// A release's `nanoclaw` is a small script before the real program: one can be told from the other, and it misbehaves
/// where it is told to.
struct UpgradeScene: Sendable {
    let path: String
    let user: UInt32?

    var home: String { path + "/home" }
    var old: String { path + "/old" }
    var new: String { path + "/new" }
    private var crash: String { path + "/crash" }

    /// The program with fault points.
    static var faulty: String { CrashDriver.binaries + "/nanoclaw" }

    static func with(user: UInt32? = nil, _ body: (UpgradeScene) async throws -> Void) async throws {
        try await withTemporaryDirectory { path in
            chmod(path, 0o755)
            let scene = UpgradeScene(path: path, user: user)
            mkdir(scene.home, 0o755)
            try scene.makeRelease("old")
            try scene.makeRelease("new")
            if let user { _ = try await run("/bin/chown", ["-R", "\(user):\(user)", path]) }
            do {
                try await body(scene)
                await scene.end()
            } catch {
                await scene.end()
                throw error
            }
        }
    }

    /// Makes the programs of a release; `up`, `preflight` and `install` (of a service) are lines of shell that run before
    /// the real program, with the home in `$home`.
    func makeRelease(_ name: String, up: String = "", preflight: String = "", install: String = "") throws {
        let folder = "\(path)/\(name)"
        mkdir(folder, 0o755)
        let script = """
            #!/bin/sh
            # \(name)
            for home; do :; done
            case "$1 $2" in
            "up --home") \(up.isEmpty ? ":" : up) ;;
            "upgrade --preflight") \(preflight.isEmpty ? ":" : preflight) ;;
            "service install") \(install.isEmpty ? ":" : install) ;;
            esac
            exec '\(Release.nanoclaw.path)' "$@"

            """
        for (file, text) in [
            ("nanoclaw", script), ("nanoclaw-sandbox", "# \(name)\n"), ("agent-runner", "# \(name)\n"),
        ] {
            // Never over the file itself: it may be running.
            unlink("\(folder)/\(file)")
            try text.write(toFile: "\(folder)/\(file)", atomically: false, encoding: .utf8)
            chmod("\(folder)/\(file)", 0o755)
            if let user { chown("\(folder)/\(file)", user, user) }
        }
    }

    /// Puts the real programs in the place of a release's.
    func placeRealPrograms(in folder: String) throws {
        for name in ["nanoclaw", "nanoclaw-sandbox", "agent-runner"] {
            unlink("\(folder)/\(name)")
            let source = Release.directory.appending(path: name).path
            try FileManager.default.copyItem(atPath: source, toPath: "\(folder)/\(name)")
            if let user { chown("\(folder)/\(name)", user, user) }
        }
    }

    /// Which release the programs in place are of; nil when they are not all of one.
    func release() throws -> String? {
        let names = try ["nanoclaw", "nanoclaw-sandbox", "agent-runner"].map { file in
            try String(contentsOfFile: "\(old)/\(file)", encoding: .utf8).contains("# old\n") ? "old" : "new"
        }
        return Set(names).count == 1 ? names[0] : nil
    }

    // MARK: - Commands

    func nanoclaw(_ arguments: String...) async throws -> Finished {
        try await run(Release.nanoclaw.path, arguments + ["--home", home], user: user)
    }

    /// Runs `nanoclaw upgrade`; with a point, as this process's user by the program that dies there.
    func upgrade(_ arguments: String...) async throws -> Finished { try await upgrade(arguments) }

    func upgrade(_ arguments: [String], dyingAt point: String? = nil) async throws -> Finished {
        let words = ["upgrade", "--home", home, "--programs", old] + arguments
        guard let point else { return try await run(Release.nanoclaw.path, words, user: user) }
        try "\(point)\n".write(toFile: crash, atomically: true, encoding: .utf8)
        // Where the home is another user's, from a shell that closes what it makes.
        let mask = user == nil ? "" : "umask 077; "
        let shell = ["-c", mask + #"exec "$0" "$@""#, Self.faulty]
        let answer = try await run("/bin/sh", shell + words, environment: ["NANOCLAW_CRASH": crash])
        try? FileManager.default.removeItem(atPath: crash)
        return answer
    }

    func chat(_ text: String) async throws -> String {
        let answer = try await nanoclaw("chat", "-m", text)
        #expect(answer.status == 0, "\(answer)")
        return answer.output
    }

    /// The texts of all messages of the chat's session, both ways.
    func history() async throws -> String {
        let sessions = try await nanoclaw("sessions", "list", "--json")
        let rows = try JSONSerialization.jsonObject(with: Data(sessions.output.utf8)) as? [[String: Any]] ?? []
        let id = try #require(rows.first?["id"] as? String, "\(sessions)")
        return try await nanoclaw("sessions", "history", id).output
    }

    // MARK: - The host

    var hostPID: Int32? {
        guard let text = try? String(contentsOfFile: home + "/data/host.lock", encoding: .utf8),
            let pid = Int32(text.filter(\.isNumber)), kill(pid, 0) == 0
        else { return nil }
        // A zombie is nobody's host; ours is nobody's child here.
        let state = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        return state.contains(") Z ") ? nil : pid
    }

    /// Starts the programs in place as a daemon would be, and waits until the host is ready.
    func up(environment: [String: String] = [:]) async throws {
        let line = "exec setsid '\(old)/nanoclaw' up --home '\(home)' >>'\(path)/host.log' 2>&1 &"
        _ = try await run("/bin/sh", ["-c", line], environment: environment, user: user)
        try await eventually(within: 20, "the host is ready") { try await nanoclaw("status").status == 0 }
    }

    func stop() async throws {
        guard let pid = hostPID else { return }
        kill(pid, SIGTERM)
        try await eventually(within: 30, "the host ends") { hostPID == nil }
    }

    private func end() async {
        if let pid = hostPID { kill(pid, SIGKILL) }
    }

    /// A home with two turns in it, and no host.
    func converse() async throws {
        try await up()
        #expect(try await chat("run echo first-answer").contains("first-answer"))
        _ = try await chat("write notes.txt remember the milk")
        try await stop()
    }

    // MARK: - Bytes

    /// Every file of the state with kind, mode, owner, time and digest.
    func tree(_ folder: String? = nil) async throws -> String {
        let script = """
            cd '\(folder ?? home)' && find config.yaml groups data \\( -path data/logs -o -path data/upgrades \\) -prune -o \
            ! -type s ! -name host.lock ! -name '*-shm' ! \\( -name '*-wal' -size 0 \\) \
            ! -path data ! -path data/sessions ! -path 'data/sessions/scratch*' -printf '%p %y %m %U %G %l ' \
            \\( -type f -printf '%T@ ' -exec sha256sum '{}' \\; -o -printf '\\n' \\) | sort
            """
        let answer = try await run("/bin/sh", ["-c", script])
        #expect(answer.errors.isEmpty, "\(answer)")
        #expect(answer.output.contains("data/nanoclaw.db f"), "\(answer)")
        return answer.output
    }

    /// Nothing of an upgrade is left in home or programs.
    func expectNothingLeft(_ place: Comment) throws {
        let manager = FileManager.default
        for path in [home + "/data/upgrades", home + "/data/upgrade.served", old + "/.upgrade"] {
            #expect(!manager.fileExists(atPath: path), place)
        }
        #expect(try manager.contentsOfDirectory(atPath: old).count == 3, place)
    }
}
