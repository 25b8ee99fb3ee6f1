import Core
import Testing

@Suite struct SlashCommandTests {
    @Test(arguments: [
        ("/clear", "clear", ""), ("  /CLEAR  now please ", "clear", "now please"), ("/Stop", "stop", ""),
        ("/clear\nx", "clear", "x"), ("/clearx", "clearx", ""), ("/cr \u{0352}s", "cr", "\u{0352}s"),
    ])
    func `a command is a slash, a name, and then white space or the end`(text: String, name: String, rest: String) {
        #expect(SlashCommand(text)?.name == name)
        #expect(SlashCommand(text)?.arguments == rest)
    }

    @Test(arguments: ["/clear@bot", "/etc/passwd", "clear", "/", "", "//clear", "/clear.", "please /clear", "/ clear"])
    func `other text is no command, S8 a bot's suffix and a longer word are not clear`(text: String) {
        #expect(SlashCommand(text) == nil)
        #expect(SlashCommand("/clearx")?.name != SlashCommand.clear)
    }
}

@Suite struct SkillFileTests {
    @Test func `front matter gives name and description, the rest is the body`() throws {
        let text = "---\nname: a-b\ndescription: >-\n  Does one\n  thing.\nlicense: MIT\n---\n# Do\n\nit\n"
        let skill = try SkillFile(text, folder: "a-b")
        #expect(skill.name == "a-b")
        #expect(skill.description == "Does one thing.")
        #expect(skill.body == "# Do\n\nit")
    }

    @Test func `lines may end as on Windows, and a byte order mark may stand before them`() throws {
        let text = "\u{FEFF}---\r\nname: a-b\r\ndescription: Does it.\r\n---\r\n# Do\r\n\r\nit\r\n"
        let skill = try SkillFile(text, folder: "a-b")
        #expect(skill.name == "a-b")
        #expect(skill.description == "Does it.")
        #expect(skill.body == "# Do\n\nit")
    }

    @Test(arguments: [
        ("# no front matter", 1), ("---\nname: a\n", 3), ("---\nname: A\ndescription: x\n---\nbody", 2),
        ("---\nname: a\n---\nbody", 3), ("---\nname: a\ncolour: red\ndescription: x\n---\nbody", 3),
        ("---\nname: a\nname: b\n---\nbody", 3), ("---\nname: other\ndescription: x\n---\nbody", 2),
        ("---\nname: a\ndescription: \"x\n---\nbody", 3), ("---\nname: a\ndescription: x\n---\n\n", 5),
        ("---\njust words\n---\nbody", 2), ("---\nname: a\ndescription: x\u{1B}[2J\n---\nbody", 3),
        ("---\r\nname: \u{1B}a\r\ndescription: x\r\n---\r\nbody", 2),
        ("---\nname: a\ndescription: x\u{FFFD}y\n---\nbody", 3),
        ("---\nname: a\ndescription: x\u{202E}y\n---\nbody", 3),
    ])
    func `a wrong skill is refused with its line`(text: String, line: Int) {
        do {
            _ = try SkillFile(text, folder: "a")
            Issue.record("it was taken")
        } catch {
            #expect(error.line == line, "\(error)")
        }
    }
}
