import CentralStore
import ContainerResources
import Core
import Glibc
import LinuxIO
import Logging
import TestSupport
import Testing

@testable import Host

@Suite struct InstructionComposerTests {
    static let group = AgentGroup(name: "Main", folder: "main", createdAt: Timestamp(milliseconds: 0))

    /// A home with the group's folder and these files in it.
    func withGroup(_ files: [String: String], _ body: (InstructionComposer, Directory) throws -> Void) async throws {
        try await withTemporaryDirectory { home in
            let root = try Directory(path: home)
            for name in ["data", "groups"] { try root.makeDirectory(name) }
            let groups = try root.directory("groups")
            try groups.makeDirectory("main")
            for (path, text) in files {
                var folder = try groups.directory("main")
                let parts = path.split(separator: "/").map(String.init)
                for part in parts.dropLast() {
                    try folder.makeDirectory(part)
                    folder = try folder.directory(part)
                }
                try folder.replace(parts[parts.count - 1], with: Array(text.utf8))
            }
            try body(InstructionComposer(home: home, logger: Logger(label: "test")), root)
        }
    }

    static func skill(_ name: String) -> String { "---\nname: \(name)\ndescription: Knows \(name).\n---\n\nDo it.\n" }

    @Test func `§16.130 instructions are the base, the fragments by name and the group's own; alike from alike input`()
        async throws
    {
        try await withGroup(["CLAUDE.md": "Own words.\n"]) { composer, root in
            var config = GroupConfig()
            let first = try composer.compose(Self.group, config)
            #expect(try composer.compose(Self.group, config) == first)
            let text = try #require(first.files["instructions.md"])
            let headings = text.split(separator: "\n").filter { $0.hasPrefix("## ") }.map { $0.dropFirst(3) }
            let fragments = try [
                "agents", "files", "memory", "messages", "nanoclaw", "questions", "schedule", "skills",
            ].map { name in
                try #require(ContainerResources.fragment(name)).split(separator: "\n")[0].dropFirst(3)
            }
            #expect(headings.suffix(8) == fragments[...])
            #expect(text.hasPrefix(ContainerResources.baseInstructions.prefix(200)))
            #expect(text.hasSuffix("\n\nOwn words.\n"))

            let generation = try composer.write(Self.group, config, inUse: [])
            #expect(generation == first.generation)
            let path = "data/composed/\(Self.group.id)/\(generation)/instructions.md"
            #expect(try root.contents(path, limit: 1 << 20) == Array(text.utf8))
            let inode = try root.status(path)?.st_ino
            #expect(try composer.write(Self.group, config, inUse: []) == generation)
            #expect(try root.status(path)?.st_ino == inode)

            // What the group has no longer is not told; the other generation stays as it is.
            config.deniedTools = ["remember", "recall"]
            let second = try composer.write(Self.group, config, inUse: [generation])
            let other = "data/composed/\(Self.group.id)/\(second)/instructions.md"
            let told = String(decoding: try root.contents(other, limit: 1 << 20), as: UTF8.self)
            #expect(!told.contains("## \(fragments[2])") && told.contains("## \(fragments[0])"))
            #expect(try root.contents(path, limit: 1 << 20) == Array(text.utf8))
        }
    }

    @Test func `§16.133 skills are all of ours and the group's, or those that are named; the group's stay as they are`()
        async throws
    {
        let own = ["skills/mine/SKILL.md": Self.skill("mine"), "skills/other/SKILL.md": Self.skill("other")]
        try await withGroup(own) { (composer, root) throws in
            // The skills that are named, and the files that are copied.
            func lists(_ skills: SkillSelection) throws -> [[String]] {
                var config = GroupConfig()
                config.skills = skills
                let composition = try composer.compose(Self.group, config)
                _ = try composer.write(Self.group, config, inUse: [])
                let text = composition.files["instructions.md"] ?? ""
                return [
                    ["mine", "other", "welcome"].filter { text.contains("\n- \($0): ") },
                    composition.files.keys.filter { $0 != "instructions.md" }.sorted(),
                ]
            }
            #expect(ContainerResources.skills.keys.sorted() == ["welcome"])
            #expect(try lists(.all) == [["mine", "other", "welcome"], ["skills/welcome/SKILL.md"]])
            #expect(try lists(.only(["mine"])) == [["mine"], []])
            #expect(try lists(.only(["welcome", "nobody"])) == [["welcome"], ["skills/welcome/SKILL.md"]])
            #expect(try lists(.only([])) == [[], []])
            for (path, text) in own {
                #expect(try root.contents("groups/main/\(path)", limit: 1 << 16) == Array(text.utf8))
            }
            #expect(try root.directory("groups/main").names() == ["skills"])
            #expect(try root.directory("groups/main/skills").names().sorted() == ["mine", "other"])
        }
    }
}
