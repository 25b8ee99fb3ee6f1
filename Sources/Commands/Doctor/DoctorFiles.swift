import Core
import Glibc
import LinuxIO
import Sandbox

/// What stands in the agents' folders that an admin should know of.
struct DoctorFiles: Sendable {
    let home: String
    /// The folders that agent groups have; nil when that is not known.
    let recorded: Set<String>?

    private static let mostEntries = 20_000
    /// Files whose text steers an agent.
    private static let steering: Set = ["CLAUDE.md", "SKILL.md"]

    /// One finding a folder below `groups/`; what cannot be read is told.
    func examine() -> [Finding] {
        guard let groups = try? Directory(path: "\(home)/groups"), let names = try? groups.names() else { return [] }
        let service: FileOwner?
        do {
            service = try SandboxConfiguration.serviceOwner(home: home)
        } catch {
            return [Finding(.bad, "service user", "\(error)", fix: .serviceUser)]
        }
        return names.filter(PathSegment.isGroupFolder).flatMap { name in
            guard recorded?.contains(name) ?? true else {
                return [
                    Finding(
                        .good,
                        "groups/\(name)",
                        "no agent group has it yet: `nanoclaw groups create --folder \(name)` takes it over"
                    )
                ]
            }
            do {
                return examine(try groups.directory(name), name, service)
            } catch {
                let path = "\(home)/groups/\(name)"
                return [
                    Finding(.bad, "groups/\(name)", "cannot be read: \(error)", fix: .close(path, to: "755"))
                ]
            }
        }
    }

    private func examine(_ directory: Directory, _ name: String, _ service: FileOwner?) -> [Finding] {
        var seen = Seen()
        walk(directory, "", &seen, depth: 0)
        var findings: [Finding] = []
        if let service {
            let foreign = seen.owners.filter { $0.key != service.uid }
            for (uid, path) in foreign.sorted(by: { $0.key < $1.key }) {
                findings.append(
                    Finding(
                        uid == 0 ? .bad : .note,
                        "groups/\(name)",
                        "\(path) belongs to user \(uid), not to \(service.uid): its agent may not change it",
                        fix: .give("\(home)/groups/\(name)", to: service.uid)
                    )
                )
            }
        }
        if seen.isCut {
            findings.append(
                Finding(.skipped, "groups/\(name)", "over \(Self.mostEntries) files: the rest was not looked at")
            )
        }
        for path in seen.changed.sorted() {
            findings.append(
                Finding(
                    .note,
                    "groups/\(name)",
                    "\(path) was changed after the folder was made: an agent may have written it",
                    fix: .look(at: "\(home)/groups/\(name)/\(path)")
                )
            )
        }
        return findings.isEmpty ? [Finding(.good, "groups/\(name)", "\(seen.count) files")] : findings
    }

    private struct Seen {
        var count = 0
        var isCut = false
        /// The first path of each owner.
        var owners: [UInt32: String] = [:]
        /// Files that steer an agent and were written by a sandbox's owner.
        var changed: [String] = []
        var born: Int?
    }

    private func walk(_ directory: Directory, _ prefix: String, _ seen: inout Seen, depth: Int) {
        guard depth < 32, let names = try? directory.names() else { return }
        for name in names {
            guard seen.count < Self.mostEntries else {
                seen.isCut = true
                return
            }
            seen.count += 1
            guard let status = try? directory.status(name) else { continue }
            let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
            if seen.owners[status.st_uid] == nil { seen.owners[status.st_uid] = path }
            if Self.steering.contains(name), status.st_ctim.tv_sec > createdAt(directory) + 60 {
                seen.changed.append(path)
            }
            if status.st_mode & S_IFMT == S_IFDIR, let inner = try? directory.directory(name) {
                walk(inner, path, &seen, depth: depth + 1)
            }
        }
    }

    /// When the home got its lock file: what was written later may be an agent's.
    private func createdAt(_ directory: Directory) -> Int {
        var status = stat()
        return stat("\(home)/config.yaml", &status) == 0 ? status.st_ctim.tv_sec : Int.max - 60
    }
}
