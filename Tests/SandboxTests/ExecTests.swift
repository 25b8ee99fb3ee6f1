import Core
import Foundation
import LinuxIO
import SandboxWire
import TestSupport
import Testing

@testable import Sandbox

/// The tool init's calls, asked for by a runner that only passes datagrams on between the test and the tool init.
@Suite(.serialized)
struct ExecTests {
    /// The bell's other end is the test's.
    private static let relay = """
        #define _GNU_SOURCE
        #include <poll.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/socket.h>
        #include <unistd.h>
        static int pass(int from, int to) {
            static char bytes[65536];
            char control[CMSG_SPACE(sizeof(int) * 16)];
            struct iovec data = {bytes, sizeof bytes};
            struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control,
                                     .msg_controllen = sizeof control};
            ssize_t got = recvmsg(from, &message, 0);
            if (got <= 0) return 0;
            data.iov_len = (size_t)got;
            // Only to the tools may this tier pass descriptors.
            if (message.msg_controllen == 0) send(to, bytes, (size_t)got, 0);
            else sendmsg(to, &message, 0);
            struct cmsghdr *header = CMSG_FIRSTHDR(&message);
            if (header)
                for (size_t i = 0; i < (header->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++)
                    close(((int *)CMSG_DATA(header))[i]);
            return 1;
        }
        int main(void) {
            int tools = atoi(getenv("NANOCLAW_TOOLS"));
            for (;;) {
                struct pollfd polled[2] = {{3, POLLIN, 0}, {tools, POLLIN, 0}};
                poll(polled, 2, -1);
                if (polled[0].revents && !pass(3, tools)) return 0;
                if (polled[1].revents && !pass(tools, 3)) return 3;
            }
        }
        """

    /// A sandbox with that runner.
    struct Tools: Sendable {
        let process: SandboxProcess

        /// Starts a call; the read end of its output.
        func start(
            _ call: UInt32,
            _ argv: [String],
            environment: [(String, String)] = [],
            directory: String = "/tmp",
            background: Bool = false
        ) throws -> Descriptor {
            let pipe = Pipe()
            let null = Descriptor(owning: open("/dev/null", O_RDWR | O_CLOEXEC))
            let output = Descriptor(owning: dup(pipe.fileHandleForReading.fileDescriptor))
            let write = Descriptor(owning: dup(pipe.fileHandleForWriting.fileDescriptor))
            try pipe.fileHandleForWriting.close()
            let request = ToolRequest.start(
                call: call,
                argv: argv,
                environment: environment,
                directory: directory,
                background: background
            )
            try process.bell.send(request.encoded(), passing: [null, write, write])
            return output
        }

        func kill(_ call: UInt32, _ signal: Int32 = 9) throws {
            try process.bell.send(ToolRequest.kill(call: call, signal: signal).encoded())
        }

        func next() async throws -> ToolEvent {
            try await Readiness.shared.readable(process.bell.descriptor)
            guard case .message(let bytes, _) = try process.bell.receive(limit: SandboxWire.maximumDatagram) else {
                throw Errno(ECONNRESET, "tool events")
            }
            return try ToolEvent(decoding: bytes)
        }

        /// Awaits the start, and answers the pid.
        func started(_ call: UInt32) async throws -> Int32 {
            let event = try await next()
            guard case .started(call, let pid) = event else {
                Issue.record("\(event) is not the start of \(call)")
                return 0
            }
            return pid
        }
    }

    private func withTools(_ mode: SpawnMode, _ body: @escaping @Sendable (Tools) async throws -> Void) async throws {
        try await withTemporaryDirectory { binaries in
            chmod(binaries, 0o755)
            try FileManager.default.copyItem(
                atPath: "\(Distribution.binaries)/nanoclaw-sandbox",
                toPath: "\(binaries)/nanoclaw-sandbox"
            )
            try Self.relay.write(toFile: "\(binaries)/relay.c", atomically: true, encoding: .utf8)
            let compiler = Process()
            compiler.executableURL = URL(filePath: "/usr/bin/env")
            compiler.arguments = ["cc", "-static", "-O1", "-o", "\(binaries)/agent-runner", "\(binaries)/relay.c"]
            try compiler.run()
            compiler.waitUntilExit()
            try #require(compiler.terminationStatus == 0)
            try await SpawnFixture.with(mode, binaries: binaries) { fixture in
                try await ScratchSession.with(home: fixture.home) { scratch in
                    let process = try await fixture.spawner.spawn(scratch.request(.runner, groupFolder: "demo"))
                    do {
                        try await body(Tools(process: process))
                    } catch {
                        process.kill()
                        _ = await process.waitForExit()
                        throw error
                    }
                    process.kill()
                    _ = await process.waitForExit()
                }
            }
        }
    }

    @Test(arguments: SpawnMode.available)
    func `a call starts, writes and tells its status`(mode: SpawnMode) async throws {
        try await withTools(mode) { tools in
            let output = try tools.start(
                1,
                ["sh", "-c", "echo $A; pwd; exit 4"],
                environment: [("A", "given")],
                directory: "/workspace/agent"
            )
            #expect(try await tools.started(1) > 1)
            #expect(try await tools.next() == .exited(call: 1, code: 4, signal: 0))
            #expect(try await text(output) == "given\n/workspace/agent\n")
        }
    }

    @Test(arguments: SpawnMode.available)
    func `what cannot start is told with its errno`(mode: SpawnMode) async throws {
        try await withTools(mode) { tools in
            _ = try tools.start(1, ["/no/such"])
            guard case .failed(1, _, ENOENT) = try await tools.next() else {
                Issue.record("no failure")
                return
            }
            _ = try tools.start(2, ["true"], directory: "/no/such")
            guard case .failed(2, _, ENOENT) = try await tools.next() else {
                Issue.record("no failure")
                return
            }
            try tools.process.bell.send([9, 9, 9])
            guard case .failed(0, _, EPROTO) = try await tools.next() else {
                Issue.record("no failure")
                return
            }
            _ = try tools.start(3, ["true"])
            _ = try await tools.started(3)
            #expect(try await tools.next() == .exited(call: 3, code: 0, signal: 0))
        }
    }

    @Test(arguments: SpawnMode.available)
    func `the end of a call ends the daemons that it left`(mode: SpawnMode) async throws {
        try await withTools(mode) { tools in
            let output = try tools.start(1, ["sh", "-c", "(setsid sleep 1000 & setsid sleep 1000 &) ; exit 0"])
            _ = try await tools.started(1)
            #expect(try await tools.next() == .exited(call: 1, code: 0, signal: 0))
            // Nobody holds the pipe any more.
            #expect(try await text(output).isEmpty)
            let look = try tools.start(2, ["ps", "-eo", "comm="])
            _ = try await tools.started(2)
            _ = try await tools.next()
            #expect(try await text(look).contains("sleep") == false)
        }
    }

    @Test(arguments: SpawnMode.available)
    func `FD03 a working directory behind a descriptor or another process is refused with its errno`(
        mode: SpawnMode
    ) async throws {
        try await withTools(mode) { tools in
            let directories: [(String, Int32)] = [
                ("/proc/self/fd/3", ENOTDIR), ("/proc/self/fd/7", ENOENT), ("/proc/self/fd/0", ENOTDIR),
                ("/proc/1/cwd", EACCES), ("/proc/1/root", EACCES), ("/proc/1/fd/3", EACCES),
                ("/workspace/outbound", ENOENT), ("/workspace/agent/../../home", ENOENT),
            ]
            for (index, (directory, errno)) in directories.enumerated() {
                let call = UInt32(index + 1)
                _ = try tools.start(call, ["true"], directory: directory)
                let event = try await tools.next()
                guard case .failed(call, _, errno) = event else {
                    Issue.record("\(directory): \(event)")
                    continue
                }
            }
        }
    }

    @Test(arguments: SpawnMode.available)
    func `a kill ends the whole tree of a call, and a signal reaches it`(mode: SpawnMode) async throws {
        try await withTools(mode) { tools in
            let output = try tools.start(
                1,
                ["sh", "-c", "sleep 1000 & sh -c 'setsid sleep 1000 & wait' & echo up; wait"]
            )
            _ = try await tools.started(1)
            try await Readiness.shared.readable(output)
            try tools.kill(1)
            #expect(try await tools.next() == .exited(call: 1, code: 0, signal: 9))
            #expect(try await text(output) == "up\n")

            let asked = try tools.start(
                2,
                ["sh", "-c", "sleep 1000 & trap 'echo asked; exit 6' TERM; echo up; wait"]
            )
            _ = try await tools.started(2)
            try await Readiness.shared.readable(asked)
            try tools.kill(2, 15)
            #expect(try await tools.next() == .exited(call: 2, code: 6, signal: 0))
            #expect(try await text(asked) == "up\nasked\n")
        }
    }

    @Test(arguments: SpawnMode.available)
    func `a background call outlives its first process until it is killed`(mode: SpawnMode) async throws {
        try await withTools(mode) { tools in
            let output = try tools.start(1, ["sh", "-c", "(sleep 1000 &); echo left"], background: true)
            let first = try await tools.started(1)
            try await Readiness.shared.readable(output)
            let look = try tools.start(
                2,
                ["sh", "-c", "while kill -0 \(first) 2>/dev/null; do :; done; pgrep -x sleep | wc -l"]
            )
            _ = try await tools.started(2)
            #expect(try await tools.next() == .exited(call: 2, code: 0, signal: 0))
            #expect(try await text(look) == "1\n")
            try tools.kill(1)
            #expect(try await tools.next() == .exited(call: 1, code: 0, signal: 9))
            #expect(try await text(output) == "left\n")
        }
    }

    @Test(arguments: SpawnMode.available)
    func `a call that kills its own subreaper takes nothing out of the tier's hands`(mode: SpawnMode) async throws {
        try await withTools(mode) { tools in
            // It waits until its start has been told.
            let script = "setsid sleep 1000 & while [ ! -e /tmp/go ]; do :; done; kill -9 $PPID; sleep 1000"
            let output = try tools.start(1, ["sh", "-c", script])
            _ = try await tools.started(1)
            _ = try tools.start(3, ["touch", "/tmp/go"])
            var ends: [UInt32: ToolEvent] = [:]
            while ends.count < 2 {
                let event = try await tools.next()
                if case .exited(let call, _, _) = event { ends[call] = event }
            }
            #expect(ends[1] == .exited(call: 1, code: 0, signal: 9))
            #expect(ends[3] == .exited(call: 3, code: 0, signal: 0))
            #expect(try await text(output).isEmpty)
            let next = try tools.start(2, ["sh", "-c", "kill -9 1; kill -STOP 1; echo still"])
            _ = try await tools.started(2)
            #expect(try await tools.next() == .exited(call: 2, code: 0, signal: 0))
            #expect(try await text(next) == "still\n")
        }
    }

    @Test(arguments: SpawnMode.available)
    func `many calls run at once, and one over the limit is refused`(mode: SpawnMode) async throws {
        try await withTools(mode) { tools in
            var outputs: [Descriptor] = []
            for call in UInt32(1)...56 {
                outputs.append(try tools.start(call, ["sleep", "1000"]))
                _ = try await tools.started(call)
            }
            _ = try tools.start(57, ["true"])
            guard case .failed(57, _, EAGAIN) = try await tools.next() else {
                Issue.record("no refusal")
                return
            }
            for call in UInt32(1)...56 { try tools.kill(call) }
            var over: Set<UInt32> = []
            while over.count < 56 {
                guard case .exited(let call, 0, 9) = try await tools.next() else {
                    Issue.record("no end")
                    return
                }
                over.insert(call)
            }
            withExtendedLifetime(outputs) {}
        }
    }
}
