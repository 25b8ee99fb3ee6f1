import Core
import Glibc
import LinuxIO
import TestSupport
import Testing

@testable import Sandbox

@Suite(.serialized)
struct SpawnTests {
    @Test(arguments: SpawnMode.available, ["runner", "tool"])
    func `a command runs in a tier with its streams and status`(mode: SpawnMode, tier: String) async throws {
        let tier = try #require(SandboxRequest.Tier(rawValue: tier))
        try await SpawnFixture.with(mode) { fixture in
            let outcome = try await fixture.shell(tier, "echo out; echo err >&2; exit 7")
            #expect(outcome.exit == .code(7))
            #expect(outcome.output == "out\n")
            #expect(outcome.errorOutput == "err\n")
        }
    }

    @Test(arguments: SpawnMode.available)
    func `the runner tier sees its message files and not the group's folder`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode) { fixture in
            let outcome = try await fixture.shell(
                .runner,
                """
                ls /workspace; echo --; echo x > /workspace/outbound/f && echo wrote; echo x > /workspace/state/f && echo wrote
                echo x 2>/dev/null > /workspace/inbound/f || echo refused; echo x 2>/dev/null > /f || echo refused
                echo x 2>/dev/null > /usr/f || echo refused; pwd; cp /bin/true /workspace/state/t; /workspace/state/t || echo noexec
                """
            )
            #expect(
                outcome.output == """
                    inbound
                    instructions
                    outbound
                    state
                    --
                    wrote
                    wrote
                    refused
                    refused
                    refused
                    /workspace/state
                    noexec

                    """
            )
        }
    }

    @Test(arguments: SpawnMode.available)
    func `the tool tier sees the group's folder and neither outbound nor state nor the runner`(
        mode: SpawnMode
    ) async throws {
        try await SpawnFixture.with(mode) { fixture in
            let outcome = try await fixture.shell(
                .tool,
                """
                ls /workspace /workspace/inbound; echo --; pwd; echo kept > file && cat file
                tr '\\0' ' ' < /proc/1/cmdline; echo; ps -eo comm= >/tmp/ps; sort /tmp/ps | tr '\\n' ' '; echo
                grep -c outbound /proc/self/mountinfo; cat /proc/1/environ 2>/dev/null || echo closed
                env | grep -i -E 'key|secret|token' ; echo $http_proxy
                """
            )
            let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            #expect(
                lines.prefix(9) == [
                    "/workspace:", "agent", "inbound", "instructions", "", "/workspace/inbound:", "inbox", "--",
                    "/workspace/agent",
                ]
            )
            #expect(lines[9] == "kept")
            #expect(lines[10] == "nanoclaw-sandbox ")
            #expect(lines[11] == "call ps sh tool ")
            #expect(lines.suffix(4) == ["0", "closed", "http://127.0.0.1:3128", ""])
            var status = stat()
            #expect(stat("\(fixture.home)/groups/demo/file", &status) == 0)
            #expect(status.st_uid == mode.owner)
        }
    }

    @Test(arguments: SpawnMode.available)
    func `the report is what the kernel says inside`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode) { fixture in
            let report = try await fixture.spawner.probe()
            #expect(report.mode.rawValue == mode.rawValue)
            #expect(report.processes.map(\.role) == ["init", "runner", "tool"])
            for process in report.processes {
                #expect(process.noNewPrivileges)
                #expect(process.seccomp == 2)
                #expect(process.capabilities == ["0", "0", "0", "0", "0"])
                #expect(process.rootReadOnly)
                #expect(process.groups == 0 || mode == .rootless)
            }
            let first = try #require(report.process("init"))
            let runner = try #require(report.process("runner"))
            let tool = try #require(report.process("tool"))
            for kind in ["user", "pid", "mnt", "net", "ipc"] {
                #expect(runner.namespaces[kind] != tool.namespaces[kind], "\(kind)")
            }
            #expect(first.namespaces["user"] != runner.namespaces["user"])
            #expect(first.namespaces["net"] == runner.namespaces["net"])
            #expect(runner.uid == 1000 && tool.uid == 1000 && runner.landlockDenies && tool.landlockDenies)
            #expect((runner.uidMap == tool.uidMap) == (mode == .rootless))
            #expect(!first.dumpable && !tool.dumpable)
            #expect(report.degraded.isEmpty == false || mode == .root)
        }
    }

    @Test(arguments: SpawnMode.available)
    func `SV04 a second sandbox of a session is refused by the lock`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode) { fixture in
            try await ScratchSession.with(home: fixture.home) { scratch in
                let request = scratch.request(.command(tier: .runner, argv: ["/bin/sleep", "100"]))
                let process = try await fixture.spawner.spawn(request)
                let error = await #expect(throws: SandboxError.self) { try await fixture.spawner.spawn(request) }
                #expect(error?.errno == EWOULDBLOCK)
                process.kill()
                #expect(await process.waitForExit() == .signal(SIGKILL))
                let next = try await fixture.spawner.spawn(
                    scratch.request(.command(tier: .runner, argv: ["/bin/true"]))
                )
                #expect(await next.waitForExit() == .code(0))
            }
        }
    }

    @Test(arguments: SpawnMode.available)
    func `the host's ends of bell and events take no descriptors, where the kernel can refuse them`(
        mode: SpawnMode
    ) async throws {
        try await SpawnFixture.with(mode) { fixture in
            try await ScratchSession.with(home: fixture.home) { scratch in
                let process = try await fixture.spawner.spawn(
                    scratch.request(.command(tier: .runner, argv: ["/bin/true"]))
                )
                for socket in [process.bell, process.events] {
                    var value: Int32 = 0
                    var length = socklen_t(MemoryLayout<Int32>.size)
                    // SO_PASSRIGHTS; a kernel before 6.16 leaves the value alone.
                    getsockopt(socket.descriptor.number, SOL_SOCKET, 83, &value, &length)
                    #expect(value == 0)
                }
                _ = await process.waitForExit()
            }
        }
    }

    @Test(arguments: SpawnMode.available)
    func `a command starts under the smallest limit of open files`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode) { fixture in
            for tier in [SandboxRequest.Tier.runner, .tool] {
                let outcome = try await ScratchSession.with(home: fixture.home) { scratch in
                    let request = scratch.request(
                        .command(tier: tier, argv: ["/bin/sh", "-c", "ulimit -n"]),
                        groupFolder: "demo",
                        limits: SandboxLimits(openFiles: 64)
                    )
                    return try await fixture.outcome(of: fixture.spawner.spawn(request))
                }
                #expect(outcome.output == "64\n", "\(outcome.errorOutput)")
            }
        }
    }

    @Test(arguments: SpawnMode.available)
    func `SIGTERM to PID 1 reaches the runner`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode) { fixture in
            try await ScratchSession.with(home: fixture.home) { scratch in
                let script = "sleep 1000 & trap 'echo asked; exit 5' TERM; echo ready; wait"
                let process = try await fixture.spawner.spawn(
                    scratch.request(.command(tier: .runner, argv: ["/bin/sh", "-c", script]))
                )
                try await Readiness.shared.readable(process.output)
                #expect(try process.output.read(upTo: 100) == Array("ready\n".utf8))
                process.terminate()
                #expect(await process.waitForExit() == .code(5))
                #expect(try await text(process.output) == "asked\n")
            }
        }
    }

    @Test(arguments: SpawnMode.available)
    func `a command that does not exist is told with its errno`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode) { fixture in
            let error = await #expect(throws: SandboxError.self) { try await fixture.run(.runner, ["/no/such"]) }
            #expect(error?.errno == ENOENT)
            #expect(error?.step.contains("exec /no/such") == true)
            let outcome = try await fixture.run(.tool, ["/no/such"])
            #expect(outcome.exit == .code(127))
        }
    }

    @Test(arguments: SpawnMode.available)
    func `a mount that is not in the allowlist is refused, one that is comes as granted`(mode: SpawnMode) async throws {
        let mounts = [SandboxMount(name: "docs", path: "/usr/share/doc", writable: false)]
        try await SpawnFixture.with(mode, mounts: mounts) { fixture in
            try await ScratchSession.with(home: fixture.home) { scratch in
                var request = scratch.request(
                    .command(
                        tier: .tool,
                        argv: ["sh", "-c", "test -d /workspace/extra/docs/bash && ! touch /workspace/extra/docs/x"]
                    )
                )
                request.extraMounts = [try checkedMount("docs", "/usr/share/doc")]
                let process = try await fixture.spawner.spawn(request)
                #expect(await process.waitForExit() == .code(0))
                request.extraMounts = [try checkedMount("home", "/usr/share/doc")]
                let error = await #expect(throws: SandboxError.self) { try await fixture.spawner.spawn(request) }
                #expect(error?.errno == EACCES)
            }
        }
    }

    @Test(arguments: SpawnMode.available)
    func `a mount is the directory that was checked, wherever a link leads by then`(mode: SpawnMode) async throws {
        try await withTemporaryDirectory { path in
            chmod(path, 0o755)
            for folder in ["checked", "other"] {
                mkdir("\(path)/\(folder)", 0o755)
                mkdir("\(path)/\(folder)/\(folder)-inside", 0o755)
            }
            symlink("\(path)/checked", "\(path)/link")
            let mounts = [SandboxMount(name: "docs", path: "\(path)/link", writable: false)]
            try await SpawnFixture.with(mode, mounts: mounts) { fixture in
                try await ScratchSession.with(home: fixture.home) { scratch in
                    var request = scratch.request(
                        .command(tier: .tool, argv: ["test", "-d", "/workspace/extra/docs/checked-inside"])
                    )
                    request.extraMounts = [try checkedMount("docs", "\(path)/link")]
                    let process = try await fixture.spawner.spawn(request)
                    #expect(await process.waitForExit() == .code(0))
                    unlink("\(path)/link")
                    symlink("\(path)/other", "\(path)/link")
                    let error = await #expect(throws: SandboxError.self) { try await fixture.spawner.spawn(request) }
                    #expect(error?.errno == ESTALE)
                    #expect(error?.step.contains("docs") == true)
                }
            }
        }
    }

    @Test(arguments: SpawnMode.available)
    func `the launcher makes the inbox, its owner's, and none behind a link`(mode: SpawnMode) async throws {
        try await withTemporaryDirectory { elsewhere in
            chmod(elsewhere, 0o777)
            try await SpawnFixture.with(mode) { fixture in
                try await ScratchSession.with(home: fixture.home) { scratch in
                    let request = scratch.request(.command(tier: .runner, argv: ["/bin/true"]))
                    let inbound = "\(fixture.home)/data/sessions/scratch/\(scratch.session)/inbound"
                    rmdir("\(inbound)/inbox")
                    let process = try await fixture.spawner.spawn(request)
                    #expect(await process.waitForExit() == .code(0))
                    var status = stat()
                    #expect(stat("\(inbound)/inbox", &status) == 0)
                    #expect(status.st_uid == mode.owner)

                    rmdir("\(inbound)/inbox")
                    rmdir(inbound)
                    symlink(elsewhere, inbound)
                    let error = await #expect(throws: SandboxError.self) { try await fixture.spawner.spawn(request) }
                    #expect(error?.errno == ELOOP && error?.step == "open inbound", "\(String(describing: error))")
                    #expect(stat("\(elsewhere)/inbox", &status) != 0)
                    unlink(inbound)
                }
            }
        }
    }

    @Test(arguments: SpawnMode.available)
    func `a mount that leads through what sandboxes write is refused, whatever the host looked at`(
        mode: SpawnMode
    ) async throws {
        try await withTemporaryDirectory { path in
            chmod(path, 0o755)
            for folder in ["projects", "projects/reports", "chosen"] { mkdir("\(path)/\(folder)", 0o755) }
            let outer = SandboxMount(name: "projects", path: "\(path)/projects", writable: true)
            let inner = SandboxMount(name: "reports", path: "\(path)/projects/reports", writable: false)
            try await SpawnFixture.with(mode, mounts: [outer, inner]) { fixture in
                try await ScratchSession.with(home: fixture.home) { scratch in
                    rmdir(inner.path)
                    symlink("\(path)/chosen", inner.path)
                    var request = scratch.request(.command(tier: .tool, argv: ["/bin/true"]))
                    request.extraMounts = [try checkedMount(inner.name, inner.path)]
                    let error = await #expect(throws: SandboxError.self) { try await fixture.spawner.spawn(request) }
                    #expect(error?.errno == EXDEV)
                    request.extraMounts = [try checkedMount(outer.name, outer.path)]
                    let process = try await fixture.spawner.spawn(request)
                    #expect(await process.waitForExit() == .code(0))
                }
            }
        }
    }

    @Test func `a link in place of a session's part is refused`() async throws {
        let mode = try #require(SpawnMode.available.first)
        try await SpawnFixture.with(mode) { fixture in
            try await ScratchSession.with(home: fixture.home) { scratch in
                let state = "\(fixture.home)/data/sessions/scratch/\(scratch.session)/state"
                rmdir(state)
                symlink("/etc", state)
                let error = await #expect(throws: SandboxError.self) {
                    try await fixture.spawner.spawn(scratch.request(.command(tier: .runner, argv: ["/bin/true"])))
                }
                #expect(error?.errno == ELOOP || error?.errno == ENOTDIR)
            }
        }
    }
}
