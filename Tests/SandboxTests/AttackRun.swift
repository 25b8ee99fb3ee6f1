import CLinux
import Core
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Sandbox

/// One run of the attack program: in a tier of a sandbox, or outside of any.
enum AttackRun {
    /// Small, so that more than what is granted is little.
    static let limits = SandboxLimits(pids: 64, tmpBytes: 8 << 20, fileBytes: 64 << 20, openFiles: 256)
    static let variables = "ATTACK_TMP=\(8 << 20) ATTACK_FILE=\(64 << 20) ATTACK_FILES=256 ATTACK_PIDS=64"
    /// Beside them where a cgroup limits the processors.
    static let share = "ATTACK_CPU=20"

    /// The program, compiled once.
    static let program = Result<Data, any Error> {
        let directory = FileManager.default.temporaryDirectory.appending(path: "attack-\(getpid())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        return try Data(contentsOf: URL(filePath: TestPrograms.attack(in: directory.path)))
    }

    /// Writes it into `directory`, whom every user may enter, and returns its path.
    static func place(in directory: String) throws -> String {
        let path = "\(directory)/attack"
        try program.get().write(to: URL(filePath: path))
        chmod(directory, 0o755)
        chmod(path, 0o755)
        return path
    }

    /// Every attempt in a tier of a fresh sandbox: its answer by name.
    ///
    /// `bombs`: also those that use all there is, which take a second.
    static func inside(
        _ fixture: SpawnFixture,
        _ tier: SandboxRequest.Tier,
        bombs: Bool = true
    ) async throws -> [String: String] {
        try await withNeighbour(fixture.home) { neighbour in
            let folder = tier == .runner ? "/workspace/outbound" : "/workspace/agent"
            let words = """
                fds leak passing reading writing modes proc network privilege terminal host workspace \(folder) \
                \(neighbour) resources hoard \(folder) reaching
                """
            let answers = try await run(fixture, tier, words, limits)
            guard bombs else { return answers }
            var few = limits
            few.cpuPercent = 20
            return try await run(fixture, tier, "bomb", few).merging(answers) { $1 }
        }
    }

    /// The attempts of some groups of the program, with nothing else around.
    static func run(
        _ fixture: SpawnFixture,
        _ tier: SandboxRequest.Tier,
        _ words: String,
        _ limits: SandboxLimits
    ) async throws -> [String: String] {
        try await ScratchSession.with(home: fixture.home) { scratch in
            let session = "data/sessions/scratch/\(scratch.session.rawValue)/inbound"
            try fixture.place(Data("row".utf8), "\(session)/inbound.db")
            try fixture.place(Data("file".utf8), "\(session)/inbox/file")
            try fixture.place(try program.get(), "data/composed/scratch/1/attack")
            let file = tier == .runner ? "inbound inbound.db" : "inbound/inbox file"
            let inbound = words == "bomb" ? "" : "inbound /workspace/\(file)"
            let granted = fixture.mode == .root ? "\(variables) \(share)" : variables
            let command =
                "cp /workspace/instructions/attack /tmp/attack && \(granted) exec /tmp/attack \(words) \(inbound)"
            var request = scratch.request(
                .command(tier: tier, argv: ["/bin/sh", "-c", command]),
                groupFolder: "demo",
                limits: limits
            )
            request.generation = "1"
            // The watchdog may look just while there are too many processes, and is right to end them.
            for _ in 0..<5 {
                let process = try await fixture.spawner.spawn(request)
                let outcome = try await fixture.outcome(of: process)
                if process.breach != nil { continue }
                #expect(outcome.exit == .code(0), "\(words): \(outcome.errorOutput)")
                return TestPrograms.Outcome(status: 0, isSignal: false, output: outcome.output).answers
            }
            Issue.record("\(words): ended by the watchdog each time")
            return [:]
        }
    }

    /// Every attempt that does no harm, outside of any sandbox, as this user or as uid 65534.
    static func outside(_ privilege: Privilege) async throws -> [String: String] {
        try await withTemporaryDirectory { directory in
            let program = try place(in: directory)
            let owner: UInt32 = privilege == .unprivileged ? 65_534 : geteuid()
            for folder in ["", "scratch", "inbound", "workspace"] {
                let path = "\(directory)/\(folder)"
                mkdir(path, 0o755)
                chown(path, owner, owner)
            }
            try Data("row".utf8).write(to: URL(filePath: "\(directory)/inbound/inbound.db"))
            chown("\(directory)/inbound/inbound.db", owner, owner)
            return try await withNeighbour(directory) { neighbour in
                let setpriv = "setpriv --reuid \(owner) --regid \(owner) --clear-groups --"
                // Standard output is a file: what a sandbox must never be given (RF15).
                let command = """
                    cd '\(directory)' && \(variables) \(share) ATTACK_OUTSIDE=1 ATTACK_SCRATCH='\(directory)/scratch' \
                    '\(program)' world \(setpriv) '\(program)' \
                    fds leak passing reading modes proc network privilege terminal inbound '\(directory)/inbound' inbound.db \
                    host workspace '\(directory)/workspace' \(neighbour) resources hoard '\(directory)/workspace' bomb \
                    reaching >answers && cat answers
                    """
                let outcome = try TestPrograms.run(["sh", "-c", command])
                #expect(outcome.status == 0, "\(outcome.output)")
                return outcome.answers
            }
        }
    }

    // MARK: - What is really there outside

    /// The words for a process of the host, a socket on which it listens in `directory`, a segment of shared memory, and a
    /// file of who owns `directory`.
    private static func withNeighbour<Answer>(
        _ directory: String,
        _ body: (String) async throws -> Answer
    ) async throws -> Answer {
        let key = Int32.random(in: 1...Int32.max)
        let segment = shmget(key, 4096, IPC_CREAT | 0o666)
        try #require(segment >= 0)
        defer { shmctl(segment, IPC_RMID, nil) }
        let path = "\(directory)/host.sock"
        unlink(path)
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && listen(listener, 8) == 0 && chmod(path, 0o666) == 0)
        // What the service's own user keeps elsewhere: as a plain user the sandbox has the same uid on the box.
        let secret = "/var/tmp/nanoclaw-secret-\(key)"
        try Data("secret".utf8).write(to: URL(filePath: secret))
        defer { unlink(secret) }
        var status = stat()
        try #require(stat(directory, &status) == 0 && chmod(secret, 0o600) == 0)
        try #require(chown(secret, status.st_uid, status.st_gid) == 0)
        return try await body("neighbour \(getpid()) '\(path)' segment \(key) secret '\(secret)'")
    }
}
