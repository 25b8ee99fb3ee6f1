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
    private static let mostNamed = 20
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
        if findings.isEmpty { findings.append(Finding(.good, "groups/\(name)", "\(seen.count) files")) }
        guard !seen.steering.isEmpty else { return findings }
        return findings + [Finding(.good, "groups/\(name)", Self.list(seen.steering))]
    }

    /// When each file that steers an agent was last changed: whether by an admin or by the agent nobody can tell, as both may
    /// write it as the same user.
    private static func list(_ steering: [(path: String, changed: Int)]) -> String {
        let newest = steering.sorted { ($1.changed, $0.path) < ($0.changed, $1.path) }
        let texts = newest.prefix(mostNamed).map { "\($0.path) changed \(TimeText.short(Int64($0.changed) * 1000))" }
        let more = newest.count > mostNamed ? ["and \(newest.count - mostNamed) before"] : []
        return (texts + more).joined(separator: ", ")
    }

    private struct Seen {
        var count = 0
        var isCut = false
        /// The first path of each owner.
        var owners: [UInt32: String] = [:]
        /// Files that steer an agent, and the second of their last change as the kernel has it: no `touch` sets that one.
        var steering: [(path: String, changed: Int)] = []
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
            if Self.steering.contains(name) { seen.steering.append((path, status.st_ctim.tv_sec)) }
            if status.st_mode & S_IFMT == S_IFDIR, let inner = try? directory.directory(name) {
                walk(inner, path, &seen, depth: depth + 1)
            }
        }
    }
}
