import Foundation
import TestSupport
import Testing

/// The host under systemd: its units as systemd reads them, and host and broker run as they say.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct ServiceTests {
    private typealias Answer = [String: Any]

    private static var isRoot: Bool { getuid() == 0 }

    /// Plays a scenario of `Tests/Judges/service.py`; nil, with a printed reason, where it cannot be played.
    private static func play(_ scenario: String) async throws -> Answer? {
        guard isRoot, getpwnam("nanoclaw") != nil else {
            print("skipped: root and the user nanoclaw are needed")
            return nil
        }
        return try await withTemporaryDirectory { path in
            let script = Release.checkout.appending(path: "Tests/Judges/service.py").path
            let done = try await run("/usr/bin/env", ["python3", script, Release.nanoclaw.path, path, scenario])
            let value = try JSONSerialization.jsonObject(with: Data(done.output.utf8)) as? Answer
            #expect(done.status == 0, "\(done)")
            return value
        }
    }

    private static func status(_ answer: Answer, _ step: String) -> Int? {
        (answer[step] as? Answer)?["status"] as? Int
    }
    private static func output(_ answer: Answer, _ step: String) -> String {
        (answer[step] as? Answer)?["output"] as? String ?? ""
    }
    private static func errors(_ answer: Answer, _ step: String) -> String {
        (answer[step] as? Answer)?["errors"] as? String ?? ""
    }

    @Test func `an unprivileged host talks through the root broker, with nothing but what the units give`()
        async throws
    {
        guard let answer = try await Self.play("conversation") else { return }
        #expect(answer["ready"] as? String == "READY=1", "\(answer)")
        #expect(answer["watchdog"] as? [String] == ["WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"])
        // The host has no privilege at all, the broker the set of its unit.
        let host = answer["hostStatus"] as? String ?? ""
        for line in ["CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"] {
            #expect(host.contains(line), "\(host)")
        }
        #expect((answer["brokerStatus"] as? String ?? "").contains("CapBnd:\t00000000082411eb"))
        // The sandbox is one of root's making: ids of its own, and id-mapped files that are the service's on disk.
        let session = answer["session"] as? Answer ?? [:]
        let isolation = session["isolation"] as? Answer ?? [:]
        #expect(isolation["mode"] as? String == "root", "\(isolation)")
        let degraded = isolation["degraded"] as? [String] ?? ["?"]
        #expect(!degraded.contains { $0.hasPrefix("uids") || $0.hasPrefix("idmap") }, "\(degraded)")
        #expect(Self.output(answer, "chat").hasPrefix("1000\n"), "\(answer)")
        #expect(answer["madeBy"] as? Int == answer["serviceUID"] as? Int)
        // Who may not is turned away, and who may gets no more than the policy gives.
        #expect((answer["stranger"] as? String ?? "").contains("closed"), "\(answer["stranger"] ?? "")")
        #expect((answer["foreignHome"] as? String ?? "").contains("and not /etc"))
        #expect((answer["secondHost"] as? String ?? "").contains("as many as it may"))
        #expect((answer["configured"] as? String ?? "").contains("joined first"))
        // Host and broker each survive the other.
        #expect(answer["before"] as? Int ?? 0 > 0)
        #expect(answer["ended"] as? Bool == true)
        #expect(Self.output(answer, "chatAgain").contains("from-the-sandbox"), "\(answer)")
        #expect(Self.output(answer, "chatAfterBroker").contains("third"), "\(answer)")
        #expect(answer["stopped"] as? Int == 0 && answer["stopping"] as? String == "STOPPING=1")
        #expect(answer["left"] as? Bool == false)
    }

    @Test func `users of the service's group act by their roles, service user and root as owners`() async throws {
        guard let answer = try await Self.play("control") else { return }
        #expect(answer["ready"] as? String == "READY=1", "\(answer)")
        #expect(answer["mode"] as? String == "0o660")
        #expect(answer["group"] as? Int == answer["serviceGID"] as? Int)
        #expect((answer["open"] as? [String])?.isEmpty == true, "\(answer["open"] ?? "")")
        for step in ["nothing", "noChat", "stillNothing", "notAll", "notOwner", "revoked"] {
            #expect(Self.status(answer, step) == 1, "\(step): \(answer[step] ?? "")")
            #expect(Self.errors(answer, step).contains("nanoclaw "), "\(step) names no command")
        }
        #expect(Self.output(answer, "chat").contains("as-member"), "\(answer)")
        for step in ["ownGroup", "admin", "service"] { #expect(Self.status(answer, step) == 0, "\(step): \(answer)") }
        // The doctor, asked by the service's user, has nothing to say of a healthy service.
        #expect(
            Self.status(answer, "doctor") == 0 && Self.output(answer, "doctor").isEmpty,
            "\(answer["doctor"] ?? "")"
        )
    }

    // MARK: - Units

    private static func withUnits(_ body: (String) async throws -> Void) async throws {
        guard isRoot, getpwnam("nanoclaw") != nil,
            FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze")
        else {
            print("skipped: root, the user nanoclaw and systemd-analyze are needed")
            return
        }
        try await withTemporaryDirectory { root in
            let done = try await run(Release.nanoclaw.path, ["service", "install", "--root", root])
            #expect(done.status == 0, "\(done)")
            try await body(root)
        }
    }

    private static let units = ["nanoclaw.service", "nanoclaw-broker.service", "nanoclaw-broker.socket"]

    @Test func `systemd finds nothing wrong with the units, and little that could be closed further`() async throws {
        try await Self.withUnits { root in
            // The programs stand below the root, where systemd-analyze looks for them.
            let folder = root + "/units"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for name in Self.units {
                let text = try String(contentsOfFile: "\(root)/etc/systemd/system/\(name)", encoding: .utf8)
                try text.replacing("/usr/local/lib", with: root + "/usr/local/lib")
                    .write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            }
            let verified = try await run(
                "/usr/bin/systemd-analyze",
                ["verify", "--man=no"] + Self.units.map { "\(folder)/\($0)" },
                environment: ["SYSTEMD_UNIT_PATH": folder + ":"]
            )
            // systemd before 254 does not know it and goes on without.
            let complaints = (verified.output + verified.errors).split(separator: "\n").filter { line in
                let isOurs = line.contains(folder) || Self.units.contains { line.hasPrefix($0) }
                return isOurs && !line.contains("DelegateSubgroup")
            }
            #expect(complaints.isEmpty && verified.status == 0, "\(verified)")
            for (unit, most) in [("nanoclaw.service", 2.5), ("nanoclaw-broker.service", 6.6)] {
                let said = try await run(
                    "/usr/bin/systemd-analyze",
                    ["security", "--offline=true", "--no-pager", "--root=" + root, unit]
                )
                let level = said.output.split(separator: "\n").last { $0.contains("exposure level") }
                let number = level?.split(separator: " ").compactMap { Double($0) }.first
                print("\(unit): exposure \(number ?? -1)")
                #expect(try #require(number, "\(said)") <= most, "\(said)")
            }
        }
    }

    @Test func `systemd finds nothing wrong with the user's unit, and would say what it does not know`() async throws {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze") else {
            print("skipped: systemd-analyze is needed")
            return
        }
        try await withTemporaryDirectory { path in
            let environment = ["XDG_CONFIG_HOME": path, "XDG_RUNTIME_DIR": path, "HOME": path]
            let printed = try await run(
                Release.nanoclaw.path,
                ["service", "install", "--user", "--print", "--home", path + "/a home"],
                environment: environment
            )
            let unit = printed.output.split(separator: "\n", omittingEmptySubsequences: false).dropFirst()
            let text = unit.joined(separator: "\n")
            func verify(_ text: String) async throws -> Finished {
                let file = path + "/nanoclaw.service"
                try text.write(toFile: file, atomically: true, encoding: .utf8)
                return try await run(
                    "/usr/bin/systemd-analyze",
                    ["--user", "verify", "--man=no", file],
                    environment: environment
                )
            }
            func complaints(_ done: Finished) -> [Substring] {
                (done.output + done.errors).split(separator: "\n").filter { $0.contains("nanoclaw.service") }
            }
            let verified = try await verify(text)
            #expect(complaints(verified).isEmpty && verified.status == 0, "\(verified)")
            let doubted = try await verify(text.replacing("StartLimitBurst=", with: "StartLimitBurts="))
            #expect(complaints(doubted).contains { $0.contains("StartLimitBurts") }, "\(doubted)")
        }
    }

    @Test func `installing again changes nothing, keeps the broker's mounts, and removing leaves the data`()
        async throws
    {
        try await Self.withUnits { root in
            let policy = root + "/etc/nanoclaw/broker.conf"
            let own = try String(contentsOfFile: policy, encoding: .utf8) + "mount notes ro /srv/notes\n"
            try own.write(toFile: policy, atomically: false, encoding: .utf8)
            let again = try await run(Release.nanoclaw.path, ["service", "install", "--root", root])
            #expect(again.output == "nothing to change\n", "\(again)")
            #expect(try String(contentsOfFile: policy, encoding: .utf8) == own)
            let home = root + "/var/lib/nanoclaw"
            try "kept".write(toFile: home + "/kept", atomically: true, encoding: .utf8)
            let removed = try await run(Release.nanoclaw.path, ["service", "remove", "--root", root])
            #expect(removed.status == 0, "\(removed)")
            #expect(try String(contentsOfFile: home + "/kept", encoding: .utf8) == "kept")
            #expect(try FileManager.default.contentsOfDirectory(atPath: root + "/etc/systemd/system").isEmpty)
            #expect(!FileManager.default.fileExists(atPath: root + "/usr/local/lib/nanoclaw"))
        }
    }

    @Test func `installing again brings home, programs and ids of the broker's file up to date, and nothing else`()
        async throws
    {
        try await Self.withUnits { root in
            let policy = root + "/etc/nanoclaw/broker.conf"
            let first = try String(contentsOfFile: policy, encoding: .utf8)
            let own = first + "# ours\nmount notes ro /srv/notes\nwrite 8388608\n"
            // As after a removed user, whose number the next one does not get.
            let stale = own.replacing(#/\n([ug]id) \d+/#) { "\n\($0.output.1) 54321" }
            #expect(stale != own)
            try stale.write(toFile: policy, atomically: false, encoding: .utf8)
            let moved = try await run(
                Release.nanoclaw.path,
                ["service", "install", "--root", root, "--home", "/srv/claw"]
            )
            #expect(moved.status == 0 && moved.output.contains("wrote \(policy)"), "\(moved)")
            let text = try String(contentsOfFile: policy, encoding: .utf8)
            #expect(text == own.replacing("\nhome /var/lib/nanoclaw\n", with: "\nhome /srv/claw\n"))
            let unit = try String(contentsOfFile: root + "/etc/systemd/system/nanoclaw.service", encoding: .utf8)
            #expect(unit.contains("--home /srv/claw\n"), "\(unit)")
        }
    }

    @Test func `print shows the units and writes nothing`() async throws {
        try await withTemporaryDirectory { path in
            let home = path + "/a home"
            let printed = try await run(
                Release.nanoclaw.path,
                ["service", "install", "--user", "--print", "--home", home],
                environment: ["XDG_CONFIG_HOME": path]
            )
            #expect(printed.status == 0, "\(printed)")
            #expect(printed.output.contains("up --home \"\(home)\""), "\(printed)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
        }
    }

    @Test func `under a running systemd the user's service starts, is active, and goes`() async throws {
        guard FileManager.default.fileExists(atPath: "/run/systemd/system") else {
            print("skipped: systemd is not this machine's init")
            let status = try await run(Release.nanoclaw.path, ["service", "status"])
            #expect(status.status == 1 && status.errors.contains("systemd does not run here"), "\(status)")
            return
        }
        guard !Self.isRoot else {
            print("skipped: run as a user with a session, so that the system's own service stays as it is")
            return
        }
        try await withTemporaryDirectory { path in
            let session = ProcessInfo.processInfo.environment.filter {
                ["XDG_RUNTIME_DIR", "HOME", "DBUS_SESSION_BUS_ADDRESS"].contains($0.key)
            }
            func service(_ verb: String, _ more: [String]) async throws -> Finished {
                try await run(Release.nanoclaw.path, ["service", verb, "--user"] + more, environment: session)
            }
            for (verb, more, status) in [
                ("install", ["--home", path + "/home"], 0), ("status", [], 0), ("remove", [], 0), ("status", [], 1),
            ] as [(String, [String], Int32)] {
                let answer = try await service(verb, more)
                #expect(answer.status == status, "\(verb): \(answer)")
            }
        }
    }

    // MARK: - Starts that fail

    @Test func `T63 a start that would fail again ends with 78, the reason, and everything as it was`() async throws {
        try await withTemporaryDirectory { path in
            let home = path + "/home"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            try await withHost(home: home) { host in _ = try await host.chat("hello") }
            func tree() async throws -> String {
                try await run(
                    "/bin/sh",
                    ["-c", "cd '\(home)' && find . -type f ! -name '*.log' ! -name host.lock | sort | xargs sha256sum"]
                ).output
            }
            let good = try String(contentsOfFile: home + "/config.yaml", encoding: .utf8)
            try (good + "\nmaxRunner: 5\n").write(toFile: home + "/config.yaml", atomically: true, encoding: .utf8)
            let before = try await tree()
            for _ in 0..<3 {
                let up = try await run(Release.nanoclaw.path, ["up", "--home", home])
                #expect(up.status == 78 && up.errors.contains("maxRunner"), "\(up)")
            }
            #expect(try await tree() == before)
            let set = try await run(Release.nanoclaw.path, ["config", "set", "maxRunners", "many", "--home", home])
            #expect(set.status == 1, "\(set)")
            #expect(try await tree() == before)
            try good.write(toFile: home + "/config.yaml", atomically: true, encoding: .utf8)
            // A program that is missing.
            let copies = path + "/programs"
            try FileManager.default.copyItem(atPath: Release.directory.path, toPath: copies)
            try FileManager.default.removeItem(atPath: copies + "/nanoclaw-sandbox")
            let missing = try await run(copies + "/nanoclaw", ["up", "--home", home])
            #expect(missing.status == 78 && missing.errors.contains("nanoclaw-sandbox"), "\(missing)")
            try await withHost(home: home) { host in
                let answer = try await host.chat("run echo back")
                #expect(answer.contains("back"))
            }
        }
    }

    @Test func `T63 the units start five times at most, and not again after 64 and 78`() async throws {
        let printed = try await run(Release.nanoclaw.path, ["service", "install", "--print"])
        let parts = printed.output.components(separatedBy: "\n# /")
        for unit in parts where unit.contains("[Service]") {
            for line in ["StartLimitBurst=5", "Restart=on-failure"] {
                #expect(unit.contains(line), "\(unit)")
            }
            #expect(unit.contains("RestartPreventExitStatus=64 78"), "\(unit)")
            // So many tries fit into the interval, also when each hangs to its end, or the limit would never be met.
            func seconds(_ key: String, otherwise: Int? = nil) throws -> Int {
                let line = unit.split(separator: "\n").first { $0.hasPrefix(key + "=") }
                return try #require(line.flatMap { Int($0.dropFirst(key.count + 1)) } ?? otherwise, "\(key): \(unit)")
            }
            // systemd's own bound is 90 s.
            let start = try seconds("TimeoutStartSec", otherwise: 90)
            let longest = try start + seconds("TimeoutStopSec") + seconds("RestartSec")
            #expect(try longest * seconds("StartLimitBurst") < seconds("StartLimitIntervalSec"), "\(unit)")
        }
        #expect(parts.count(where: { $0.contains("[Service]") }) == 2, "\(printed)")
    }
}
