import CentralStore
import ContainerResources
import ControlProtocol
import Core
import Glibc
import HostConfiguration
import LinuxIO

/// What a group's configuration may name.
///
/// A name is looked at when it is written: a tool that is misspelt in `deniedTools` would stay allowed, a mount that does
/// not exist would let no runner start.
struct KnownNames: Sendable {
    let tools: [String]
    let skills: [String]
    let mounts: [String]

    /// The names for the group of this folder; reads the group's `skills/`, so it blocks on the disk.
    init(folder: String, home: String, mounts: [HostConfiguration.Mount]) {
        tools = BuiltInTools.names
        self.mounts = mounts.filter { $0.groups.contains(folder) || $0.groups.contains("*") }.map(\.name).sorted()
        let own = try? Directory(path: "\(home)/groups").directory("\(folder)/skills")
        let names = (try? own?.names()) ?? []
        let folders = names.filter { name in
            guard PathSegment.isSafe(name), let status = try? own?.status(name) else { return false }
            return status.st_mode & S_IFMT == S_IFDIR
        }
        skills = Set(ContainerResources.skills.keys).union(folders).sorted()
    }

    /// Refuses a name that nothing has, of the keys that are being set.
    func check(_ config: GroupConfig, changed keys: some Collection<String>) throws(ControlError) {
        if keys.contains("deniedTools") { try check("deniedTools", config.deniedTools, tools, "tool") }
        if keys.contains("mounts") { try check("mounts", config.mounts, mounts, "mount of this group in config.yaml") }
        if keys.contains("skills"), case .only(let names) = config.skills {
            try check("skills", names, skills, "skill")
        }
    }

    private func check(_ key: String, _ names: [String], _ known: [String], _ kind: String) throws(ControlError) {
        guard let bad = names.first(where: { !known.contains($0) }) else { return }
        let all = known.isEmpty ? "there is none" : "use \(known.joined(separator: ", "))"
        throw ControlError(.invalidArguments, "\(key): \"\(bad.prefix(80))\" is no \(kind): \(all)")
    }
}
