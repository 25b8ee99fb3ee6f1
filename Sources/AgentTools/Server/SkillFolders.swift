import Core
import Glibc

/// The skills of an agent: what the host composed first, then those in the agent's own folder.
struct SkillFolders {
    /// Directories that hold `<name>/SKILL.md`.
    let paths: [String]

    /// The instructions of a skill, with the directory of its files.
    func body(_ name: String) throws -> String {
        guard PathSegment.isIdentifier(name) else { throw ToolFailure("\"\(name.prefix(80))\" is no skill's name") }
        for path in paths {
            let folder = "\(path)/\(name)"
            guard access(folder + "/SKILL.md", F_OK) == 0 else { continue }
            let bytes = try FileOperations(root: folder).contents("SKILL.md", limit: 1024 * 1024)
            do {
                let skill = try SkillFile(String(decoding: bytes, as: UTF8.self), folder: name)
                return "\(skill.body)\n\n[The skill's files are in \(folder).]"
            } catch {
                throw ToolFailure("\(folder)/SKILL.md, \(error)")
            }
        }
        throw ToolFailure("no skill is named \"\(name)\"")
    }
}
