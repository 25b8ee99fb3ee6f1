import Core
import Foundation
import TestSupport
import Testing

@testable import HostConfiguration

@Suite struct `The configuration of a home` {
    func load(_ text: String, environment: [String: String] = [:]) throws -> HostConfiguration {
        try HostConfiguration(text: text, path: "/h/config.yaml", environment: environment)
    }

    @Test func `an empty file, the default file and no file mean the same`() async throws {
        let empty = try load("")
        let written = try load(DefaultFile.text)
        #expect(empty.maxRunners == 32 && empty.agentLimits.idleSeconds == 300 && empty.sweepInterval == .seconds(60))
        #expect(empty.deliveryDeadline == .seconds(86_400) && empty.agentLimits.attachmentBytes == 25 << 20)
        #expect(empty.log.files == 10 && empty.sandbox.uidRange == nil && empty.mounts.isEmpty)
        #expect(empty.values == written.values)
        try await withTemporaryDirectory { home in
            #expect(try HostConfiguration.load(home: home, environment: [:]).values == empty.values)
            #expect(!FileManager.default.fileExists(atPath: home + "/config.yaml"))
            _ = try HostConfiguration.load(home: home, environment: [:], writesDefault: true)
            #expect(try String(contentsOfFile: home + "/config.yaml", encoding: .utf8) == DefaultFile.text)
        }
    }

    @Test func `every default of the table is allowed by its own rule`() {
        for setting in Setting.all where !setting.standard.isEmpty {
            #expect(setting.kind.complaint(setting.standard) == nil, "\(setting.key)")
        }
    }

    @Test func `every commented line of the default file becomes a setting when its mark is taken away`() throws {
        for setting in Setting.all where !setting.key.contains("*") && !setting.standard.isEmpty {
            let name = setting.parts.last ?? ""
            let lines = DefaultFile.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            var found = 0
            for (index, line) in lines.enumerated()
            where line.trimmingCharacters(in: .whitespaces) == "# \(name): \(setting.standard)" {
                var changed = lines
                changed[index] = line.replacing("# ", with: "")
                let configuration = try load(changed.joined(separator: "\n"))
                if configuration.values.contains(where: { $0.key == setting.key && $0.origin != "default" }) {
                    found += 1
                }
            }
            #expect(found == 1, "\(setting.key)")
        }
    }

    @Test(arguments: [
        ("maxRunners: 4\nmaxRunner: 5\n", 2, "maxRunner"),
        ("maxRunners: many\n", 1, "maxRunners"),
        ("maxRunners: 0\n", 1, "maxRunners"),
        ("sandbox:\n  memory: 1GiB\n  memroy: 2GiB\n", 3, "sandbox.memroy"),
        ("sandbox:\n  memory: lots\n", 2, "sandbox.memory"),
        ("sandbox:\n  writeRate: 1KiB\n", 2, "sandbox.writeRate"),
        ("sandbox:\n  required: [cgroup, magic]\n", 2, "sandbox.required"),
        ("sandbox:\n  required: cgroup\n", 2, "sandbox.required"),
        ("sandbox: 5\n", 1, "sandbox"),
        ("sandbox:\n  uid_range: 9-3\n", 2, "sandbox.uid_range"),
        ("log:\n  level: loud\n", 2, "log.level"),
        ("log:\n  components:\n    router: loud\n", 3, "log.components.router"),
        ("timeZone: Mars/Base\n", 1, "timeZone"),
        ("\n\nmaxRunners: [1]\n", 3, "maxRunners"),
        ("mounts:\n  notes:\n    path: notes\n", 3, "mounts.notes.path"),
        ("mounts:\n  notes:\n    path: /a/../etc\n", 3, "mounts.notes.path"),
        ("mounts:\n  a b:\n    path: /srv\n", 2, "mounts.a b"),
        ("people: [ann]\n", 1, "people"),
    ])
    func `T34 a bad key or value names file, line and key`(text: String, line: Int, key: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try load(text) }
        #expect(error?.line == line)
        #expect(error?.key == key)
        #expect("\(error, default: "")".hasPrefix("/h/config.yaml:\(line): \(key): "))
    }

    @Test(arguments: ["maxRunners: 1\nmaxRunners: 2\n", "- a\n- b\n", "a: [1\n", "just words\n"])
    func `a file that is no mapping, or has a key twice, is refused with its name`(text: String) {
        let error = #expect(throws: ConfigurationError.self) { try load(text) }
        #expect(error?.code == .syntax)
        #expect("\(error, default: "")".contains("config.yaml"))
    }

    @Test(arguments: [
        ("maxRunners: 1\nmaxRunners: 2\n", 2), ("log:\n  level: info\n# x\n\n  level: debug\n", 5),
        ("sandbox:\n  pids: 9\nlog:\n  level: info\n  files: 3\n  level: debug\n", 6),
    ])
    func `a key that stands twice is named where it stands again`(text: String, line: Int) {
        let error = #expect(throws: ConfigurationError.self) { try load(text) }
        #expect(error?.line == line)
    }

    @Test func `a file that may not be read is not called badly encoded, and the other way round`() async throws {
        try await withTemporaryDirectory { home in
            let path = HostConfiguration.path(home: home)
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let unreadable = #expect(throws: ConfigurationError.self) { try HostConfiguration.load(home: home) }
            #expect(unreadable.map { $0.message.hasPrefix("cannot be read: ") } == true)
            try FileManager.default.removeItem(atPath: path)
            try Data([0xFF, 0xFE]).write(to: URL(fileURLWithPath: path))
            let encoded = #expect(throws: ConfigurationError.self) { try HostConfiguration.load(home: home) }
            #expect(encoded?.message == "is not UTF-8")
        }
    }

    @Test func `the environment wins over the file, the file over the default, and each says so`() throws {
        let configuration = try load(
            "sandbox:\n  memory: 2GiB\n  pids: 99\nlog:\n  components: {router: debug}\n",
            environment: [
                "NANOCLAW_SANDBOX_PIDS": "123", "NANOCLAW_HOME": "/x", "NANOCLAW_SANDBOX_REQUIRED": "cgroup, landlock",
            ]
        )
        #expect(configuration.sandbox.memoryBytes == 2 << 30 && configuration.sandbox.pids == 123)
        #expect(configuration.sandbox.requiredLayers == ["cgroup", "landlock"])
        #expect(configuration.log.components == ["router": "debug"])
        func origin(_ key: String) -> String? { configuration.values.first { $0.key == key }?.origin }
        #expect(origin("sandbox.memory") == "/h/config.yaml:2")
        #expect(origin("sandbox.pids") == "NANOCLAW_SANDBOX_PIDS")
        #expect(origin("maxRunners") == "default")
        #expect(origin("log.components.router") == "/h/config.yaml:5")
    }

    @Test func `an empty variable says nothing`() throws {
        let empty = [
            "NANOCLAW_MAX_RUNNERS": "", "NANOCLAW_TIME_ZONE": "", "TZ": "Asia/Tokyo", "NANOCLAW_SANDBOX_REQUIRED": "",
        ]
        let configuration = try load("maxRunners: 7", environment: empty)
        #expect(configuration.maxRunners == 7 && configuration.timeZone == "Asia/Tokyo")
        #expect(configuration.sandbox.requiredLayers.isEmpty)
    }

    @Test func `a bad variable is refused by its name`() {
        let error = #expect(throws: ConfigurationError.self) {
            try load("", environment: ["NANOCLAW_MAX_RUNNERS": "x"])
        }
        #expect("\(error, default: "")".contains("NANOCLAW_MAX_RUNNERS"))
    }

    @Test func `the time zone comes from the file, else from TZ, else from the system`() throws {
        #expect(try load("timeZone: Asia/Tokyo", environment: ["TZ": "Europe/Berlin"]).timeZone == "Asia/Tokyo")
        #expect(try load("", environment: ["TZ": "Europe/Berlin"]).timeZone == "Europe/Berlin")
        #expect(SettingKind.isTimeZone(try load("", environment: ["TZ": "nonsense"]).timeZone))
    }

    @Test func `sizes take binary units`() {
        #expect(SettingKind.bytes("25MiB") == 25 << 20 && SettingKind.bytes("1GiB") == 1 << 30)
        #expect(SettingKind.bytes("4096") == 4096 && SettingKind.bytes("2KiB") == 2048)
        #expect(SettingKind.bytes("1GB") == nil && SettingKind.bytes("-1KiB") == nil && SettingKind.bytes("KiB") == nil)
    }
}
