import CLinux
import Core
import Glibc
import LinuxIO
import SandboxWire
import Testing

@testable import Sandbox

@Suite(.serialized)
struct SpawnLifeTests {
    /// A sandbox whose runner and a tool sleep; its PID 1 by pidfd.
    private func sleeper(_ fixture: SpawnFixture, _ scratch: ScratchSession) async throws -> SandboxProcess {
        try await fixture.spawner.spawn(scratch.request(.command(tier: .tool, argv: ["sleep", "1000"])))
    }

    @Test(arguments: SpawnMode.available)
    func `the spawner's death ends its sandboxes, and it is started again`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode) { fixture in
            try await ScratchSession.with(home: fixture.home) { scratch in
                let process = try await sleeper(fixture, scratch)
                let launcher = try #require(parent(of: process.pid))
                let spawner = try #require(parent(of: launcher))
                kill(spawner, SIGKILL)
                #expect(await process.waitForExit() == .signal(SIGKILL))
                let next = try await fixture.spawner.spawn(
                    scratch.request(.command(tier: .runner, argv: ["/bin/true"]))
                )
                #expect(await next.waitForExit() == .code(0))
            }
        }
    }

    @Test(arguments: SpawnMode.available)
    func `PS08 the launcher's death ends its sandbox`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode) { fixture in
            try await ScratchSession.with(home: fixture.home) { scratch in
                let process = try await sleeper(fixture, scratch)
                kill(try #require(parent(of: process.pid)), SIGKILL)
                #expect(await process.waitForExit() == .signal(SIGKILL))
            }
        }
    }

    @Test(arguments: SpawnMode.available)
    func `PS08 a host that is gone leaves no process`(mode: SpawnMode) async throws {
        let pidfd = try await SpawnFixture.with(mode) { fixture in
            try await ScratchSession.with(home: fixture.home) { scratch in
                let process = try await sleeper(fixture, scratch)
                return (Descriptor(owning: try Errno.check(clinux_pidfd_open(process.pid), "pidfd_open")), process)
            }
        }
        // The fixture's end closed the socket, as the host's death does.
        try await Readiness.shared.readable(pidfd.0)
        #expect(await pidfd.1.waitForExit() == .signal(SIGKILL))
    }

    @Test func `a recorded sandbox is killed only while boot and start time match`() async throws {
        let mode = try #require(SpawnMode.available.first)
        try await SpawnFixture.with(mode) { fixture in
            try await ScratchSession.with(home: fixture.home) { scratch in
                let process = try await sleeper(fixture, scratch)
                try await killRecorded(pid: process.pid, startTime: process.startTime + 1, bootID: process.bootID)
                try await killRecorded(pid: process.pid, startTime: process.startTime, bootID: "another")
                #expect(kill(process.pid, 0) == 0)
                try await killRecorded(pid: process.pid, startTime: process.startTime, bootID: process.bootID)
                #expect(await process.waitForExit() == .signal(SIGKILL))
                try await killRecorded(pid: process.pid, startTime: process.startTime, bootID: process.bootID)
            }
        }
    }

    @Test(arguments: SpawnMode.available)
    func `each listener is reached from its own tier only`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode) { fixture in
            for (tier, other) in [(SandboxRequest.Tier.runner, false), (.tool, true)] {
                try await ScratchSession.with(home: fixture.home) { scratch in
                    let script = "exec 3<>/dev/tcp/127.0.0.1/3128 && echo connected && read -r line <&3; echo \"$line\""
                    let process = try await fixture.spawner.spawn(
                        scratch.request(.command(tier: tier, argv: ["/bin/bash", "-c", script]))
                    )
                    let (mine, theirs) =
                        other
                        ? (process.toolListener, process.modelListener) : (process.modelListener, process.toolListener)
                    try await Readiness.shared.readable(mine)
                    let accepted = accept(mine.number, nil, nil)
                    #expect(accepted >= 0)
                    let other = Glibc.accept(theirs.number, nil, nil)
                    let why = errno
                    #expect(other == -1)
                    #expect(why == EAGAIN)
                    try Descriptor(owning: accepted).write(Array("hello\n".utf8))
                    #expect(try await text(process.output) == "connected\nhello\n")
                    #expect(await process.waitForExit() == .code(0))
                }
            }
        }
    }

    @Test(arguments: SpawnMode.available)
    func `SV01 a malformed or unsealed plan is refused and leaves nothing`(mode: SpawnMode) async throws {
        try await withSpawner(mode) { socket in
            let good = SpawnPlan(
                agentGroup: "scratch",
                session: "none",
                incarnation: 1,
                groupFolder: "",
                generation: "",
                extraMounts: [],
                limits: WireLimits(
                    memoryBytes: 1 << 30,
                    tmpBytes: 1 << 20,
                    fileBytes: 1 << 30,
                    pids: 64,
                    cpuPercent: 100,
                    openFiles: 256
                ),
                timeZone: "",
                program: .runner
            ).encoded()
            let bad: [([UInt8], Bool, Int32)] = [
                ([0], true, EINVAL), (Array(good.dropLast()), true, EINVAL), (good + [1], true, EINVAL),
                (good, false, EPERM), ([], true, E2BIG), (good, true, ENOENT),
            ]
            for (bytes, sealed, expected) in bad {
                let memory = Descriptor(owning: try Errno.check(clinux_memfd("plan"), "memfd"))
                try memory.write(bytes)
                if sealed { try Errno.check(clinux_memfd_seal(memory.number), "seal") }
                let control = try PacketSocket.pair()
                let null = Descriptor(owning: open("/dev/null", O_RDWR | O_CLOEXEC))
                try socket.send(
                    [SpawnerRequest.spawn.rawValue],
                    passing: [memory, control.1.descriptor, null, null, null, null]
                )
                try await Readiness.shared.readable(control.0.descriptor)
                guard case .message(let answer, _) = try control.0.receive(limit: 1 << 16),
                    case .failed(_, let errno) = try LauncherMessage(decoding: answer)
                else {
                    Issue.record("no refusal")
                    continue
                }
                #expect(errno == expected)
            }
        }
    }

    @Test(arguments: SpawnMode.available)
    func `what a sandbox holds of the disk without a name is told, each file once`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode) { fixture in
            try await ScratchSession.with(home: fixture.home) { scratch in
                // The reader has the files too.
                let script = """
                    exec 3>f 4>g; rm f g; head -c 8000000 /dev/zero >&3; head -c 9 /dev/zero >&4; (sleep 60) & echo ready; \
                    sleep 60
                    """
                let request = scratch.request(
                    .command(tier: .tool, argv: ["/bin/sh", "-c", script]),
                    groupFolder: "demo"
                )
                let process = try await fixture.spawner.spawn(request)
                try await Readiness.shared.readable(process.output)
                #expect(try process.output.read(upTo: 100) == Array("ready\n".utf8))
                let held = try #require(await fixture.spawner.holdings(of: process.pid)?.nameless)
                #expect((8_000_000..<9_000_000).contains(held.bytes), "\(held)")
                #expect(held.files == 2 && held.recentFiles == 2 && held.recentBytes == held.bytes, "\(held)")
                let written = await fixture.spawner.holdings(of: process.pid)?.writtenBytes ?? 0
                // What is written to memory is not counted.
                let isInMemory = clinux_filesystem_type(fixture.home) == 0x0102_1994
                #expect(written >= 8_000_000 || isInMemory, "\(written)")
                // Of nobody else's processes is anything told.
                #expect(await fixture.spawner.holdings(of: getpid()) == nil)
                process.kill()
                _ = await process.waitForExit()
                #expect(await fixture.spawner.holdings(of: process.pid) == nil)
            }
        }
    }

    @Test(arguments: SpawnMode.available)
    func `SV06 two hundred spawns, and as many sixteen at once, leave nothing behind and are quick`(
        mode: SpawnMode
    ) async throws {
        try await SpawnFixture.with(mode) { fixture in
            let spawner = try await ScratchSession.with(home: fixture.home) { scratch in
                let first = try await sleeper(fixture, scratch)
                let launcher = try #require(parent(of: first.pid))
                let spawner = try #require(parent(of: launcher))
                first.kill()
                _ = await first.waitForExit()
                return spawner
            }
            try await childless(spawner)
            let before = (entries("/proc/self/fd"), entries("/proc/\(spawner)/fd"), lines("/proc/self/mountinfo"))
            let alone = try await spawns(200, fixture)
            try await childless(spawner)
            // The namespaces of id-maps are kept for each slot that was ever used at once.
            #expect(entries("/proc/\(spawner)/fd") - before.1 < 20)
            var together: [Duration] = []
            var namespaces = alone.namespaces
            try await withThrowingTaskGroup(of: Spawns.self) { group in
                for part in 0..<16 { group.addTask { try await spawns(part < 8 ? 13 : 12, fixture) } }
                for try await part in group {
                    together += part.times
                    namespaces.formUnion(part.namespaces)
                }
            }
            try await childless(spawner)
            let after = (entries("/proc/self/fd"), entries("/proc/\(spawner)/fd"), lines("/proc/self/mountinfo"))
            // Other suites hold up to 70 descriptors of this process meanwhile; one leaked at each spawn is more.
            #expect(abs(after.0 - before.0) < 95)
            // Two namespaces of id-maps are kept for each slot that was ever used at once, by a dying sandbox as well.
            #expect(after.1 - before.1 <= 2 * 32)
            #expect(after.2 == before.2)
            // Three tiers have a network, an ipc and a mount namespace each; numbers of dead ones are given again.
            #expect(namespaces.count > 9)
            let left = try held(namespaces)
            #expect(left == [])
            together.sort()
            let times = alone.times.sorted()
            print(
                "spawn, \(mode): p50 \(times[99]) p95 \(times[189]); sixteen at once p50 \(together[99]) p95 \(together[189])"
            )
            #expect(times.count == 200 && together.count == 200)
            // Measured on two processors: 11 ms, and 170 ms sixteen at once.
            #expect(times[189] < .milliseconds(100))
            #expect(together[189] < .seconds(1))
        }
    }

    /// How long some spawns took, and the namespaces that they had.
    private struct Spawns {
        var times: [Duration] = []
        var namespaces: Set<String> = []
    }

    /// One after the other, each ended before the next begins.
    private func spawns(_ count: Int, _ fixture: SpawnFixture) async throws -> Spawns {
        try await ScratchSession.with(home: fixture.home) { scratch in
            let request = scratch.request(.command(tier: .runner, argv: ["/bin/true"]))
            var result = Spawns()
            for _ in 0..<count {
                let begin = ContinuousClock.now
                let process = try await fixture.spawner.spawn(request)
                result.times.append(ContinuousClock.now - begin)
                for one in process.report.processes {
                    for kind in ["net", "ipc", "mnt"] {
                        result.namespaces.insert("\(kind):\(one.namespaces[kind] ?? "")")
                    }
                }
                #expect(await process.waitForExit() == .code(0))
            }
            return result
        }
    }

    /// Those of the namespaces that a process of ours, or a descriptor of one, still holds.
    ///
    /// Numbers of dead ones are given again, so that anybody else's process may have one by now.
    private func held(_ namespaces: Set<String>) throws -> [String] {
        func target(_ path: String) -> String {
            var bytes = [UInt8](repeating: 0, count: 1024)
            let length = readlink(path, &bytes, bytes.count)
            return String(decoding: bytes.prefix(max(0, length)), as: UTF8.self)
        }
        return try Directory(path: "/proc").names().filter { Int32($0) != nil }.flatMap { pid -> [String] in
            let program = target("/proc/\(pid)/exe")
            guard Int32(pid) == getpid() || program.hasSuffix("/true") || program.hasSuffix("/nanoclaw-sandbox") else {
                return []
            }
            return ["ns", "fd"].flatMap { folder in
                ((try? Directory(path: "/proc/\(pid)/\(folder)").names()) ?? []).map {
                    target("/proc/\(pid)/\(folder)/\($0)")
                }
            }.filter { namespaces.contains($0) }.map { "\(program) \(pid): \($0)" }
        }
    }

    // MARK: - Looking at processes

    /// Returns when the process has no child any more.
    private func childless(_ pid: Int32) async throws {
        for _ in 0..<2_000 {
            let children = contents("/proc/\(pid)/task/\(pid)/children") ?? ""
            if children.isEmpty { return }
            await Task.yield()
            for child in children.split(separator: " ").compactMap({ Int32($0) }) {
                let pidfd = clinux_pidfd_open(child)
                if pidfd >= 0 { try? await Readiness.shared.readable(Descriptor(owning: pidfd)) }
            }
        }
        Issue.record("children of \(pid) stay")
    }

    private func entries(_ path: String) -> Int { (try? Directory(path: path).names().count) ?? -1 }

    private func lines(_ path: String) -> Int { contents(path)?.split(separator: "\n").count ?? -1 }

    /// The bare spawner behind its socket.
    private func withSpawner(_ mode: SpawnMode, _ body: (PacketSocket) async throws -> Void) async throws {
        let configuration = SandboxConfiguration(home: "/tmp", binaries: Distribution.binaries)
        let message =
            [SpawnerRequest.configure.rawValue]
            + SpawnerConfiguration(
                home: "/tmp",
                binaries: Distribution.binaries,
                serviceUID: 65_534,
                serviceGID: 65_534,
                uidBase: configuration.uids.lowerBound,
                uidCount: 64,
                mounts: [],
                requiredLayers: []
            ).encoded()
        let child = try await SpawnerChild.start(
            binary: "\(Distribution.binaries)/nanoclaw-sandbox",
            wrapper: mode.wrapper,
            environment: [],
            configuration: message
        )
        do {
            try await body(child.socket)
        } catch {
            Issue.record(error)
        }
        shutdown(child.socket.descriptor.number, Int32(SHUT_RDWR))
        await child.waitUntilDead()
    }
}
