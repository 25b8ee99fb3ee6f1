import Foundation
import TestSupport
import Testing

@testable import HostConfiguration

@Suite struct `Changing one setting` {
    func edit(_ text: String, _ key: String, _ value: String) throws -> String {
        try ConfigurationEdit.setting(key, to: value, in: text, path: "/h/config.yaml")
    }

    @Test(arguments: [
        ("maxRunners: 4 # few\nidleSeconds: 9\n", "maxRunners", "8", "maxRunners: 8 # few\nidleSeconds: 9\n"),
        ("timeZone: \"Asia/Tokyo\"  # home\n", "timeZone", "Europe/Berlin", "timeZone: Europe/Berlin  # home\n"),
        ("# hello\nmaxRunners: 4\n", "idleSeconds", "60", "# hello\nmaxRunners: 4\nidleSeconds: 60\n"),
        (
            "# hello\n# idleSeconds: 300\n# end\n", "idleSeconds", "60",
            "# hello\n# idleSeconds: 300\nidleSeconds: 60\n# end\n"
        ),
        ("sandbox:\n    pids: 99\n", "sandbox.memory", "2GiB", "sandbox:\n    memory: 2GiB\n    pids: 99\n"),
        (
            "sandbox:\n  required: [cgroup] # strict\n", "sandbox.required", "cgroup,landlock",
            "sandbox:\n  required: [cgroup, landlock] # strict\n"
        ),
        (
            "sandbox:\n  required:\n    - cgroup\n    - uids\n  pids: 50\n", "sandbox.required", "cgroup",
            "sandbox:\n  required: [cgroup]\n  pids: 50\n"
        ),
        ("", "mounts.notes.path", "/srv/notes", "mounts:\n  notes:\n    path: /srv/notes\n"),
        (
            "log:\n  level: info\n", "log.components.router", "debug",
            "log:\n  components:\n    router: debug\n  level: info\n"
        ),
    ])
    func `a setting is written in place and all else stays`(
        text: String,
        key: String,
        value: String,
        expected: String
    ) throws {
        #expect(try edit(text, key, value) == expected)
    }

    @Test func `a quote before a combining mark is written as one that ends nothing`() throws {
        let path = "/srv/a\"\u{309}\\\u{309} b"
        let text = try edit("", "mounts.notes.path", path)
        let read = try HostConfiguration(text: text, path: "/h/config.yaml", environment: [:])
        #expect(read.mounts.map(\.path) == [path])
    }

    @Test func `every setting can be made in the default file, one after the other`() throws {
        var text = DefaultFile.text
        for setting in Setting.all where !setting.key.contains("*") {
            text = try edit(
                text,
                setting.key,
                setting.standard.isEmpty
                    ? [
                        "sandbox.uid_range": "100000-165535", "timeZone": "UTC", "sandbox.required": "cgroup",
                        "sandbox.broker": "/run/nanoclaw/broker.sock", "control.group": "nanoclaw",
                        "webhooks.url": "https://claw.example.org",
                    ][setting.key] ?? "" : setting.standard
            )
        }
        text = try edit(text, "mounts.notes.path", "/srv/notes")
        text = try edit(text, "mounts.notes.groups", "main")
        let configuration = try HostConfiguration(text: text, path: "/h/config.yaml", environment: [:])
        #expect(configuration.values.allSatisfy { $0.origin != "default" || $0.key.hasPrefix("mounts.") })
        #expect(configuration.mounts.map(\.groups) == [["main"]])
        let comments = text.split(separator: "\n").filter { $0.contains("#") }
        #expect(comments.count == DefaultFile.text.split(separator: "\n").filter { $0.contains("#") }.count)
    }

    @Test func `a bad key or value leaves the file as it was`() async throws {
        try await withTemporaryDirectory { home in
            let path = home + "/config.yaml"
            try "maxRunners: 4 # few\n".write(toFile: path, atomically: true, encoding: .utf8)
            for (key, value) in [
                ("maxRunner", "1"), ("maxRunners", "0"), ("sandbox.required", "magic"), ("mounts.x.readWrite", "true"),
            ] {
                #expect(throws: ConfigurationError.self) { try ConfigurationEdit.set(key, to: value, home: home) }
                #expect(try String(contentsOfFile: path, encoding: .utf8) == "maxRunners: 4 # few\n")
            }
            try ConfigurationEdit.set("maxRunners", to: "5", home: home)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "maxRunners: 5 # few\n")
        }
    }
}
