import ArgumentParser
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Commands

/// What the doctor says, and what it tells people to type.
struct DoctorTests {
    @Test func `a verb that does not exist would be seen`() {
        #expect(NanoclawCommand.unknownVerb(in: ["repair"]) != nil)
        #expect(throws: (any Error).self) { try NanoclawCommand.parseAsRoot(["sessions", "reset"]) }
    }

    @Test func `a home that lets nobody of control.group through is told, with how to open it`() async throws {
        let group = try #require(getgrgid(getegid())?.pointee)
        let name = String(cString: group.gr_name)
        try await withTemporaryDirectory { home in
            try "control:\n  group: \(name)\n".write(toFile: home + "/config.yaml", atomically: true, encoding: .utf8)
            mkdir(home + "/data", 0o750)
            chmod(home + "/data", 0o750)
            for (mode, isBad) in [(0o700, true), (0o711, false), (0o710, false), (0o701, false)] as [(mode_t, Bool)] {
                chmod(home, mode)
                let findings = await Doctor(home: home, asksProviders: false).examine()
                let finding = try #require(findings.first { $0.check == "home" })
                #expect((finding.level == .bad) == isBad, "\(String(mode, radix: 8)): \(finding.line)")
                if isBad { #expect(finding.fix?.command.hasPrefix("chmod 711 ") == true, "\(finding.line)") }
            }
        }
    }

    @Test func `a home of somebody else's is not judged, and no command takes it away`() async throws {
        try await withTemporaryDirectory { home in
            var status = stat()
            #expect(stat(home, &status) == 0)
            let owner = status.st_uid
            for isServed in [false, true] {
                if isServed { mkdir(home + "/data", 0o750) }
                let findings = await Doctor(home: home, asksProviders: true, caller: owner + 1).examine()
                #expect(findings.map(\.level) == [.skipped] && findings.map(\.check) == ["home"], "\(findings)")
                let fix = try #require(findings.first?.fix?.command)
                #expect(fix.hasPrefix("sudo -u '#\(owner)' ") && fix.hasSuffix(" doctor --home \(home)"), "\(fix)")
            }
            for caller in [0, owner] {
                #expect(await Doctor(home: home, asksProviders: false, caller: caller).examine().count > 1)
            }
        }
    }

    @Test func `data of another user's in an own home is given back, and nothing else of the home`() async throws {
        guard geteuid() == 0 else { return }
        try await withTemporaryDirectory { home in
            chown(home, 1000, 1000)
            mkdir(home + "/data", 0o700)
            let findings = await Doctor(home: home, asksProviders: false, caller: 1000).examine()
            let finding = try #require(findings.first { $0.check == "home" })
            #expect(finding.level == .bad && finding.fix == .give(home + "/data", to: 1000), "\(finding)")
        }
    }

    @Test func `T64 findings of a broken home have a fix each, and it is one of those that are checked`() async throws {
        try await withTemporaryDirectory { home in
            mkdir(home + "/data", 0o755)
            chmod(home + "/data", 0o755)
            try "maxRunner: 5\n".write(toFile: home + "/config.yaml", atomically: true, encoding: .utf8)
            try "no database".write(toFile: home + "/data/nanoclaw.db", atomically: true, encoding: .utf8)
            let findings = await Doctor(home: home, asksProviders: true).examine()
            let bad = findings.filter { $0.level == .bad }
            #expect(bad.contains { $0.check == "home" } && bad.contains { $0.check == "config.yaml" })
            #expect(bad.contains { $0.check == "database" })
            let known = Set(Fix.examples(home).compactMap { $0.command.split(separator: " ").first })
            for finding in bad {
                let fix = try #require(finding.fix, "\(finding.line)")
                let program = try #require(fix.command.split(separator: " ").first)
                #expect(known.contains(program))
                #expect(finding.line.contains(fix.command))
            }
        }
    }

    @Test func `T64 what could not be looked at is no warning`() async throws {
        try await withTemporaryDirectory { home in
            let findings = await Doctor(home: home, asksProviders: true).examine()
            for check in ["home", "database", "host", "sandbox"] {
                let finding = try #require(findings.first { $0.check == check })
                #expect(finding.level == .skipped, "\(finding)")
                #expect(!finding.isWorthTelling)
            }
        }
    }

    @Test func `T64 a report for others names neither the home nor keys`() {
        let redaction = Redaction([("/home/ann/claw", "<home>"), ("/home/ann", "~")])
        let finding = Finding(
            .bad,
            "provider x",
            "https://ann:secret@host/v1?key=abc does not answer; see /home/ann/claw/data, /home/ann/x",
            fix: .close("/home/ann/claw/data", to: "700")
        ).redacted(redaction)
        for text in ["ann", "secret", "abc"] {
            #expect(!finding.line.contains(text), "\(finding.line)")
        }
        #expect(finding.fix?.command == "chmod 700 <home>/data")
        #expect(finding.text.contains("<home>/data, ~/x"))
    }

    // MARK: - The machine

    private static func machine(
        _ files: [String: String],
        isPrivileged: Bool = false
    ) async throws -> [Finding] {
        try await withTemporaryDirectory { root in
            for (path, text) in files {
                let file = root + path
                try FileManager.default.createDirectory(
                    atPath: (file as NSString).deletingLastPathComponent,
                    withIntermediateDirectories: true
                )
                try text.write(toFile: file, atomically: true, encoding: .utf8)
            }
            return DoctorMachine(root: root, isPrivileged: isPrivileged).examine()
        }
    }

    private static let release = "/proc/sys/kernel/osrelease"
    private static let restriction = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"

    @Test func `T58 WSL2 is recognised, with systemd and without, and WSL1 refused`() async throws {
        let two = "5.15.167.4-microsoft-standard-WSL2\n"
        let without = try await Self.machine([Self.release: two])
        #expect(without.first?.check == "WSL2" && without.first?.level == .note)
        let with = try await Self.machine([Self.release: two, "/run/systemd/system/x": ""])
        #expect(with.first?.check == "WSL2" && with.first?.level == .good)
        let one = try await Self.machine([Self.release: "4.4.0-19041-Microsoft\n"])
        #expect(one.first?.check == "WSL" && one.first?.level == .bad)
        let fix = try #require(one.first?.fix?.command)
        #expect(fix.hasPrefix("wsl.exe --set-version ") && fix.hasSuffix(" 2"), "\(fix)")
        let named = try await Self.machine([Self.release: "6.1.0-9-amd64", "/proc/version": "Linux version 6.1.0-9"])
        #expect(!named.contains { $0.check.hasPrefix("WSL") })
    }

    @Test func `T58 restricted user namespaces are named, with a profile for one program and no switch`() async throws {
        let files = [Self.release: "6.8.0-31-generic\n", Self.restriction: "1\n"]
        let found = try #require(try await Self.machine(files).first { $0.check == "user namespaces" })
        #expect(found.level == .bad && found.text.contains("apparmor_restrict_unprivileged_userns"))
        let fix = try #require(found.fix?.command)
        #expect(fix.contains("sandbox apparmor") && !fix.contains("sysctl"))
        let profile = AppArmorProfile.text(program: "/opt/claw [x]/nanoclaw-sandbox")
        #expect(profile.contains("profile nanoclaw-sandbox \"/opt/claw \\[x\\]/nanoclaw-sandbox\""))
        #expect(profile.contains("userns,") && !profile.contains("sysctl"))
        // With the profile, as root, or where nothing is restricted there is nothing to say.
        let given = files.merging(["/etc/apparmor.d/nanoclaw-sandbox": profile]) { $1 }
        #expect(try await Self.machine(given).allSatisfy { $0.level == .good })
        #expect(try await Self.machine(files, isPrivileged: true).isEmpty)
        #expect(try await Self.machine([Self.restriction: "0\n"]).allSatisfy { $0.level == .good })
        let none = try await Self.machine(["/proc/sys/user/max_user_namespaces": "0\n"])
        #expect(none.first?.level == .bad && none.first?.fix == .service)
    }

    @Test func `PS23 no unit limits core dumps to 0, which starts a handler all the same`() {
        let units = ServiceUnits(home: "/h", binaries: "/b")
        for unit in units.system + units.user where unit.text.contains("ExecStart=") {
            #expect(unit.text.split(separator: "\n").filter { $0.hasPrefix("LimitCORE=") } == ["LimitCORE=1"])
        }
    }

    @Test func `the settings of the system's service are known to who looks from outside`() async throws {
        try await withTemporaryDirectory { root in
            let home = root + "/home"
            mkdir(home, 0o755)
            #expect(DoctorSettings.serviceVariables(home: home, machineRoot: root).isEmpty)
            var files = ServiceFiles(root: root)
            for unit in ServiceUnits(home: home, binaries: "/b").system {
                try files.put(unit.text, at: "/etc/systemd/system/\(unit.name)", mode: 0o644)
            }
            let variables = DoctorSettings.serviceVariables(home: home, machineRoot: root)
            #expect(variables["NANOCLAW_SANDBOX_BROKER"] == ServiceUnits.brokerSocket)
            // Just as the unit itself has them.
            let unit = try #require(ServiceUnits(home: home, binaries: "/b").system.first).text
            for (name, value) in variables { #expect(unit.contains("\(name)=\(value)")) }
            #expect(DoctorSettings.serviceVariables(home: home + "/other", machineRoot: root).isEmpty)
        }
    }
}
