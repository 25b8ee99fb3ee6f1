import COpenSSL
import CentralStore
import ContainerResources
import Core
import Glibc
import LinuxIO
import Logging
import Synchronization

/// Puts an agent's instructions together: the base, the fragments of what the group has, its skills, its own CLAUDE.md.
///
/// Every composition is a directory of its own, `data/composed/<group>/<generation>/`, named by the hash of its content:
/// the same input gives the same bytes under the same name. Nothing below `groups/` is ever written; what is read there
/// is read without following a link, bounded, and grants nothing.
struct InstructionComposer: Sendable {
    /// Bytes of a group's own CLAUDE.md and of one SKILL.md.
    static let largestFile = 256 * 1024
    /// Skills of one group.
    static let mostSkills = 200
    /// Compositions kept beside those that a sandbox uses.
    private static let kept = 3

    let home: String
    let logger: Logger

    /// Files of one composition, by their path in it.
    struct Composition: Sendable, Equatable {
        var files: [String: String]
        /// Lower-case hexadecimal digits of SHA-256 over paths and contents, the first 32.
        var generation: String
    }

    /// Writes the composition if it is not there yet and answers its generation.
    ///
    /// Blocks on the disk.
    func write(_ group: AgentGroup, _ config: GroupConfig, inUse: Set<String>) throws -> String {
        let composition = try compose(group, config)
        let data = try Directory(path: "\(home)/data")
        try data.makeDirectory("composed")
        let all = try data.directory("composed")
        try all.makeDirectory(group.id.rawValue)
        let folder = try all.directory(group.id.rawValue)
        if try folder.status(composition.generation) == nil {
            try build(composition, in: folder)
            try prune(folder, keeping: inUse.union([composition.generation]))
        }
        return composition.generation
    }

    /// The same input gives the same value.
    func compose(_ group: AgentGroup, _ config: GroupConfig) throws -> Composition {
        let own = try? Directory(path: "\(home)/groups").directory(group.folder)
        let skills = enabledSkills(config, own)
        var parts = [ContainerResources.baseInstructions]
        for name in ContainerResources.fragmentNames where has(name, config, skills) {
            parts.append(ContainerResources.fragment(name) ?? "")
        }
        if !skills.isEmpty {
            parts.append(skills.map { "- \($0.file.name): \($0.file.description)" }.joined(separator: "\n"))
        }
        if let text = read("CLAUDE.md", in: own, group), !text.allSatisfy(\.isWhitespace) { parts.append(text) }
        let trimmed = parts.map { part in String(part.reversed().drop { $0.isWhitespace }.reversed()) }
        var files = ["instructions.md": trimmed.joined(separator: "\n\n") + "\n"]
        for skill in skills { if let text = skill.text { files["skills/\(skill.file.name)/SKILL.md"] = text } }
        return Composition(files: files, generation: try Self.hash(files))
    }

    // MARK: - What there is

    private struct Skill {
        var file: SkillFile
        /// The text to be copied; nil for a skill that stands in the group's own folder.
        var text: String?
    }

    private func enabledSkills(_ config: GroupConfig, _ own: Directory?) -> [Skill] {
        guard !config.deniedTools.contains("read_skill") else { return [] }
        var skills: [String: Skill] = [:]
        for name in ownSkillNames(own) where isWanted(name, config) {
            guard let text = read("skills/\(name)/SKILL.md", in: own, nil) else { continue }
            do {
                skills[name] = Skill(file: try SkillFile(text, folder: name), text: nil)
            } catch {
                logger.warning("A skill is left out", metadata: ["skill": "\(name)", "error": "\(error)"])
            }
        }
        // A skill of ours wins over one of the same name that an agent may have written.
        for (name, text) in ContainerResources.skills where isWanted(name, config) {
            if let file = try? SkillFile(text, folder: name) { skills[name] = Skill(file: file, text: text) }
        }
        return skills.values.sorted { $0.file.name < $1.file.name }
    }

    private func ownSkillNames(_ own: Directory?) -> [String] {
        guard let directory = try? own?.directory("skills"), let names = try? directory.names(limit: Self.mostSkills)
        else { return [] }
        return names.filter(PathSegment.isSafe)
    }

    private func isWanted(_ name: String, _ config: GroupConfig) -> Bool {
        switch config.skills {
        case .all: true
        case .only(let names): names.contains(name)
        }
    }

    private static let tools = [
        "agents": ["create_agent"],
        "files": ["read_file", "write_file", "edit_file", "glob", "grep"],
        "memory": ["remember", "recall"],
        "messages": ["send_message", "send_file", "edit_message", "add_reaction"],
        "schedule": ["schedule_task", "update_task"],
        "skills": ["read_skill"],
    ]

    private func has(_ fragment: String, _ config: GroupConfig, _ skills: [Skill]) -> Bool {
        if fragment == "skills", skills.isEmpty { return false }
        guard let tools = Self.tools[fragment] else { return true }
        return !tools.allSatisfy(config.deniedTools.contains)
    }

    private func read(_ path: String, in directory: Directory?, _ group: AgentGroup?) -> String? {
        guard let directory else { return nil }
        do {
            return String(decoding: try directory.contents(path, limit: Self.largestFile), as: UTF8.self)
        } catch let error as Errno where error.code == ENOENT {
            return nil
        } catch {
            logger.warning(
                "Instructions of a group are left out",
                metadata: ["file": "\(path)", "folder": "\(group?.folder ?? "")", "error": "\(error)"]
            )
            return nil
        }
    }

    // MARK: - On disk

    private func build(_ composition: Composition, in folder: Directory) throws {
        let temporary = ".new-\(MessageID.random())"
        try folder.makeDirectory(temporary, mode: 0o755)
        let root = try folder.directory(temporary)
        do {
            for (path, text) in composition.files {
                var directory = root
                let parts = path.split(separator: "/").map(String.init)
                for part in parts.dropLast() {
                    try directory.makeDirectory(part, mode: 0o755)
                    directory = try directory.directory(part)
                    guard fchmod(directory.descriptor.number, 0o755) == 0 else { throw Errno.last("fchmod \(part)") }
                }
                let file = try directory.create(parts[parts.count - 1], mode: 0o644)
                guard fchmod(file.number, 0o644) == 0 else { throw Errno.last("fchmod \(path)") }
                try file.write(Array(text.utf8))
            }
            guard fchmod(root.descriptor.number, 0o755) == 0 else { throw Errno.last("fchmod \(temporary)") }
            let number = folder.descriptor.number
            guard renameat(number, temporary, number, composition.generation) == 0 || errno == ENOTEMPTY else {
                throw Errno.last("rename \(temporary)")
            }
        } catch {
            try? folder.remove(temporary)
            throw error
        }
    }

    /// Removes compositions that no sandbox uses, but not the newest few.
    private func prune(_ folder: Directory, keeping used: Set<String>) throws {
        let names = try folder.names().filter { !used.contains($0) }
        let dated = try names.map { (name: $0, time: try folder.status($0)?.st_mtim.tv_sec ?? 0) }
        for old in dated.sorted(by: { $0.time > $1.time }).dropFirst(Self.kept) { try folder.remove(old.name) }
    }

    private static func hash(_ files: [String: String]) throws -> String {
        var bytes: [UInt8] = []
        for (path, text) in files.sorted(by: { $0.key < $1.key }) {
            bytes += Array("\(path)\n\(text.utf8.count)\n".utf8) + Array(text.utf8)
        }
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        guard EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil) == 1 else {
            throw HostError(.session, "libcrypto refused to compute SHA-256")
        }
        return digest.prefix(16).map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }
}
