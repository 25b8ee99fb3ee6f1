package import Core
import Glibc
import LinuxIO

/// A session that belongs to nobody: for a probe, or a command at a terminal.
package struct ScratchSession: Sendable {
    /// The agent group that such sessions stand under; no real one has this id.
    package static let group = AgentGroupID(unchecked: "scratch")

    package let session: SessionID

    /// Makes a fresh one below `data/sessions/scratch/` of the home, runs the body and removes the folder.
    ///
    /// What of `data/` is missing is made.
    package static func with<Result: Sendable>(
        home: String,
        _ body: (ScratchSession) async throws -> Result
    ) async throws -> Result {
        let scratch = ScratchSession(session: .random())
        let owner = try SandboxConfiguration.serviceOwner(home: home)
        var place = try Directory(path: home)
        for name in ["data", "sessions", group.rawValue] {
            try place.makeDirectory(name)
            place = try place.directory(name)
        }
        let folder = try exclusively(place) {
            try sweep(place)
            try place.makeDirectory(scratch.session.rawValue)
            let folder = try place.directory(scratch.session.rawValue)
            // Held while this process lives: a folder that nobody holds is of one that was killed.
            guard flock(folder.descriptor.number, LOCK_EX | LOCK_NB) == 0 else { throw Errno.last("flock") }
            return folder
        }
        defer {
            withExtendedLifetime(folder) {}
            try? place.remove(scratch.session.rawValue)
        }
        for name in ["inbound", "outbound", "state"] { try folder.makeDirectory(name) }
        if let owner {
            for name in ["inbound", "outbound", "state", "."] {
                let part = try folder.directory(name)
                guard fchown(part.descriptor.number, owner.uid, owner.gid) == 0 else {
                    throw Errno.last("fchown \(name)")
                }
            }
        }
        return try await body(scratch)
    }

    /// Removes what processes that were killed have left.
    private static func sweep(_ place: Directory) throws {
        for name in try place.names() {
            guard let folder = try? place.directory(name), flock(folder.descriptor.number, LOCK_EX | LOCK_NB) == 0
            else { continue }
            try place.remove(name)
        }
    }

    /// Nobody else makes or sweeps scratch sessions of this home meanwhile.
    private static func exclusively<Result>(_ place: Directory, _ body: () throws -> Result) throws -> Result {
        guard flock(place.descriptor.number, LOCK_EX) == 0 else { throw Errno.last("flock") }
        defer { flock(place.descriptor.number, LOCK_UN) }
        return try body()
    }

    /// A request for it.
    package func request(
        _ program: SandboxRequest.Program,
        groupFolder: String = "",
        limits: SandboxLimits = SandboxLimits()
    ) -> SandboxRequest {
        SandboxRequest(
            agentGroup: Self.group,
            session: session,
            incarnation: 1,
            groupFolder: groupFolder,
            generation: "",
            limits: limits,
            program: program
        )
    }
}
