/// What every sandbox is given, embedded in the binary: the texts of `container/`.
package enum ContainerResources {
    /// The instructions that every agent gets.
    package static var baseInstructions: String { files["CLAUDE.md"] ?? "" }

    /// Instructions for a feature that a group has, by the feature's name: `files`, `memory`, `messages`, `skills`.
    package static func fragment(_ name: String) -> String? { files["fragments/\(name).md"] }

    /// The names of all fragments, sorted.
    package static var fragmentNames: [String] {
        files.keys.compactMap { path in
            guard path.hasPrefix("fragments/"), path.hasSuffix(".md") else { return nil }
            return String(path.dropFirst("fragments/".count).dropLast(".md".count))
        }.sorted()
    }

    /// The `SKILL.md` of every skill that comes with NanoClaw, by its folder's name.
    package static var skills: [String: String] {
        var skills: [String: String] = [:]
        for (path, text) in files where path.hasPrefix("skills/") && path.hasSuffix("/SKILL.md") {
            skills[String(path.dropFirst("skills/".count).dropLast("/SKILL.md".count))] = text
        }
        return skills
    }
}
