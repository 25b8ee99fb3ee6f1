import CLinux
import Glibc
import LinuxIO
import Synchronization
import Testing

@testable import Sandbox

/// Where nobody is told of what is to be told, the time limit ends the test.
@Suite(.timeLimit(.minutes(1))) struct WatchdogTests {
    @Test func `the tree below a process holds its descendants and nobody else`() {
        let table = ProcessTable([
            .init(pid: 1, parent: 0, threads: 1), .init(pid: 10, parent: 1, threads: 1),
            .init(pid: 11, parent: 10, threads: 4), .init(pid: 12, parent: 11, threads: 2),
            .init(pid: 20, parent: 1, threads: 9),
        ])
        #expect(Set(table.tree(below: 10).map(\.pid)) == [10, 11, 12])
        let usage = table.usage(below: 10, memory: { .init(bytes: Int($0.reduce(0, +))) })
        #expect(usage == .init(threads: 7, memory: .init(bytes: 33)))
        #expect(table.usage(below: 99) == .init())
    }

    @Test(arguments: [
        ("7 (sh) S 3 7 7 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 5 0 99", 3, 5),
        ("7 (a) b) (c) R 12 7 7 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 99", 12, 1),
    ])
    func `a line of stat is read whatever the program is called`(line: String, parent: Int32, threads: Int) {
        #expect(ProcessTable.parse(stat: line, pid: 7) == .init(pid: 7, parent: parent, threads: threads))
        #expect(ProcessTable.parse(stat: "7 (sh", pid: 7) == nil)
        #expect(ProcessTable.parse(stat: "7 (sh) S 3", pid: 7) == nil)
    }

    @Test func `PS10 a process with too much memory is killed`() async throws {
        let breach = try await breach(
            of: "x=$(head -c 60000000 /dev/zero | tr '\\0' x); echo ready; read line",
            memory: 32 << 20
        )
        #expect(breach.kind == .memory)
        #expect(breach.used > 32 << 20)
        #expect(breach.description.contains("32 MiB are allowed"))
    }

    static let hasPython = access("/usr/bin/python3", X_OK) == 0

    /// A program that holds what it makes, as a shell's words; it has no quotes of its own but double ones.
    private static func python(_ program: String) -> String {
        "exec /usr/bin/python3 -c '\(program)\nimport sys\nprint(\"ready\", flush=True)\nsys.stdin.readline()'"
    }

    @Test(
        .enabled(if: WatchdogTests.hasPython, "no /usr/bin/python3"),
        arguments: [
            // In no process's resident memory.
            """
            import os
            f = os.memfd_create("f")
            for _ in range(60): os.write(f, bytes(1000000))
            """,
            // Where the first thread has ended, /proc shows nothing of the process itself.
            """
            import ctypes, os, threading
            def work():
                kept = bytearray(b"x" * 60000000)
                ended.wait()
                print("ready", flush=True)
                input()
            ended = threading.Event()
            threading.Thread(target=work).start()
            threading.Timer(0.2, ended.set).start()
            ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[os.uname().machine], 0)
            """,
        ]
    )
    func `PS10 memory that no process shows is counted`(program: String) async throws {
        let breach = try await breach(of: Self.python(program), memory: 32 << 20)
        #expect(breach.kind == .memory)
        #expect((50 << 20..<100 << 20).contains(breach.used), "\(breach)")
    }

    @Test(.enabled(if: WatchdogTests.hasPython, "no /usr/bin/python3"))
    func `what is mapped of a file in memory counts once, and each socket with what it may hold`() throws {
        let program = """
            import mmap, os, socket
            f = os.memfd_create("f")
            os.ftruncate(f, 40 << 20)
            kept = mmap.mmap(f, 40 << 20)
            kept.write(b"x" * (40 << 20))
            sockets = [socket.socketpair() for _ in range(200)]
            """
        let shell = try Shell(Self.python(program))
        let memory = ProcessTable.memory(of: [shell.pid])
        #expect((40 << 20..<80 << 20).contains(memory.bytes), "\(memory)")
        #expect((400..<500).contains(memory.channels), "\(memory)")
        #expect(memory.most >= memory.bytes + 400 * 208 * 1024)
        // Whoever has too much open to be counted in time is charged with all that what was seen of it might hold.
        let (often, forever) = ([Int32](repeating: shell.pid, count: 200), Int64(600_000_000))
        let (late, inTime) = (
            ProcessTable.memory(of: often, patience: 2000), ProcessTable.memory(of: often, patience: forever)
        )
        #expect(late.bytes >= inTime.bytes + 256 * 208 * 1024, "\(late), \(inTime)")
        #expect(try shell.finish() == 0)
    }

    @Test(.enabled(if: WatchdogTests.hasPython, "no /usr/bin/python3"))
    func `a program of many threads is looked at once, not once a thread`() throws {
        let program = """
            import socket, threading
            sockets = [socket.socketpair() for _ in range(200)]
            ended = threading.Event()
            for _ in range(400): threading.Thread(target=ended.wait, daemon=True).start()
            """
        let shell = try Shell(Self.python(program))
        // 160,000 descriptors, if each thread had its own: more than can be looked at in time.
        let memory = ProcessTable.memory(of: [shell.pid])
        #expect(memory.bytes < 100 << 20 && (400..<500).contains(memory.channels), "\(memory)")
        #expect(try shell.finish() == 0)
    }

    @Test(.enabled(if: WatchdogTests.hasPython, "no /usr/bin/python3"))
    func `what a thread has open alone is counted as well`() throws {
        let program = """
            import ctypes, os, threading
            ready, ended = threading.Event(), threading.Event()
            def work():
                if ctypes.CDLL(None).unshare(0x400) == 0: alone = os.memfd_create("f")
                for _ in range(60): os.write(alone, bytes(1000000))
                ready.set()
                ended.wait()
            threading.Thread(target=work, daemon=True).start()
            ready.wait()
            """
        let shell = try Shell(Self.python(program))
        let memory = ProcessTable.memory(of: [shell.pid])
        #expect((50 << 20..<100 << 20).contains(memory.bytes), "\(memory)")
        #expect(try shell.finish() == 0)
    }

    @Test func `the memory of the machine is read, and what shall be left of it`() throws {
        let now = try #require(MachineMemory.read())
        #expect(now.total > now.available && now.available > 0)
        let text = "MemTotal:        2097152 kB\nMemFree:          10 kB\nMemAvailable:     100 kB\n"
        #expect(MachineMemory(text) == MachineMemory(total: 2 << 30, available: 100 << 10))
        // What can be swapped out leaves room as well.
        let swapped = MachineMemory(text + "SwapTotal: 900 kB\nSwapFree: 50 kB\n")
        #expect(swapped == MachineMemory(total: 2 << 30, available: 150 << 10))
        #expect(MachineMemory("MemTotal: 1 kB\n") == nil)
        #expect(MachineMemory(total: 2 << 30, available: 0).reserve == 128 << 20)
        #expect(MachineMemory(total: 64 << 30, available: 0).reserve == 256 << 20)
    }

    @Test func `PS05 too many processes are killed`() async throws {
        // tail ends when nobody reads its output any more: it has /dev/null instead.
        let many = "for i in 1 2 3 4 5 6 7 8; do tail --pid=$$ -f /dev/null >/dev/null & done; echo ready; read line"
        let breach = try await breach(of: many, processes: 5)
        #expect(breach == .init(kind: .processes, used: 9, limit: 5))
    }

    @Test func `a process within its limits is left alone, and one no longer watched too`() async throws {
        let shell = try Shell("echo ready; read line; exit 0")
        let watchdog = SandboxWatchdog(interval: .seconds(3600))
        let within = watchdog.watch(
            pid: shell.pid,
            pidfd: shell.pidfd,
            memoryBytes: 1 << 30,
            processes: 100,
            onBreach: { _ in }
        )
        let ended = watchdog.watch(pid: shell.pid, pidfd: shell.pidfd, memoryBytes: 1, processes: 1, onBreach: { _ in })
        ended.end()
        watchdog.look()
        #expect(try shell.finish() == 0)
        within.end()
    }

    @Test func `what two looks find at once is killed and told once`() async throws {
        let shell = try Shell("echo ready; read line; exit 0")
        let watchdog = SandboxWatchdog(interval: .seconds(3600))
        let told = Mutex(0)
        let registration = watchdog.watch(
            pid: shell.pid,
            pidfd: shell.pidfd,
            memoryBytes: 0,
            processes: 0,
            onBreach: { _ in told.withLock { $0 += 1 } }
        )
        // Both have taken their list before either has ended anything.
        let lists = [watchdog.watched, watchdog.watched]
        for (key, sandbox) in lists.joined() {
            watchdog.end(key, sandbox, .init(kind: .memory, used: 2, limit: 1))
        }
        #expect(told.withLock { $0 } == 1)
        #expect(try shell.finish() == SIGKILL)
        registration.end()
    }

    /// What the watchdog says when it looks twice at shells that hold so many bytes: it ends the first, and the others live on.
    private func breach(ofFirst sizes: [Int], by watchdog: SandboxWatchdog) async throws -> SandboxWatchdog.Breach {
        let shells = try sizes.map {
            try Shell("x=$(head -c \($0) /dev/zero | tr '\\0' x); echo ready; read line; exit 0")
        }
        let (breaches, continuation) = AsyncStream.makeStream(of: (Int32, SandboxWatchdog.Breach).self)
        let registrations = shells.map { shell in
            let pid = shell.pid
            return watchdog.watch(pid: pid, pidfd: shell.pidfd, memoryBytes: 1 << 30, processes: 100) {
                continuation.yield((pid, $0))
            }
        }
        // The watchdog's own thread looks too: whichever finds it tells it, perhaps after this look is over.
        watchdog.look()
        var seen = breaches.makeAsyncIterator()
        let (pid, breach) = try #require(await seen.next())
        #expect(pid == shells[0].pid)
        #expect(try shells[0].finish() == SIGKILL)
        watchdog.look()
        continuation.finish()
        #expect(await seen.next() == nil)
        for shell in shells.dropFirst() { #expect(try shell.finish() == 0) }
        for registration in registrations { registration.end() }
        return breach
    }

    @Test func `T60 of sandboxes that take too much together the largest is killed, and it alone`() async throws {
        let watchdog = SandboxWatchdog(interval: .seconds(3600), memoryOfAll: 48 << 20)
        let breach = try await breach(ofFirst: [60_000_000, 20_000_000], by: watchdog)
        #expect(breach.kind == .memoryOfAll)
        #expect(breach.description.contains("48 MiB are allowed"))
    }

    /// 32 MiB shall be left.
    private static let scarce = MachineMemory(total: 512 << 20, available: 31 << 20)

    @Test
    func `T60 where the machine's memory ends, the largest sandbox is killed, and what that gives back is waited for`()
        async throws
    {
        let watchdog = SandboxWatchdog(interval: .seconds(3600), machine: { Self.scarce })
        let breach = try await breach(ofFirst: [60_000_000, 45_000_000], by: watchdog)
        #expect(breach == .init(kind: .memoryLeft, used: 31 << 20, limit: 32 << 20))
    }

    @Test func `T60 where the machine's memory ends, no sandbox is killed that could not be the cause`() throws {
        let shell = try Shell("echo ready; read line; exit 0")
        let watchdog = SandboxWatchdog(interval: .seconds(3600), machine: { Self.scarce })
        let registration = watchdog.watch(
            pid: shell.pid,
            pidfd: shell.pidfd,
            memoryBytes: 1 << 30,
            processes: 100,
            onBreach: { _ in }
        )
        watchdog.look()
        #expect(try shell.finish() == 0)
        registration.end()
    }

    /// What the watchdog says of `script`, which answers "ready" once it uses what it will use.
    private func breach(of script: String, memory: Int = 0, processes: Int = 0) async throws -> SandboxWatchdog.Breach {
        let shell = try Shell(script)
        let watchdog = SandboxWatchdog(interval: .milliseconds(50))
        let (breaches, continuation) = AsyncStream.makeStream(of: SandboxWatchdog.Breach.self)
        let registration = watchdog.watch(
            pid: shell.pid,
            pidfd: shell.pidfd,
            memoryBytes: memory,
            processes: processes,
            onBreach: { continuation.yield($0) }
        )
        defer { registration.end() }
        for await breach in breaches {
            #expect(try shell.finish() == SIGKILL)
            return breach
        }
        throw CancellationError()
    }
}

/// A shell that has said "ready"; it ends when its input does.
///
/// Foundation's Process would wait for the children of the shell too.
private final class Shell {
    private var input: Descriptor?
    /// Kept for a program that says its line in several writes.
    private let output: Descriptor
    let pid: Int32
    let pidfd: Descriptor

    init(_ script: String) throws {
        let (theirInput, ourInput) = try Self.pipe()
        let (ourOutput, theirOutput) = try Self.pipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, theirInput.number, 0)
        posix_spawn_file_actions_adddup2(&actions, theirOutput.number, 1)
        var words: [UnsafeMutablePointer<CChar>?] = [strdup("bash"), strdup("-c"), strdup(script), nil]
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        try Errno.check(-posix_spawn(&child, "/bin/bash", &actions, nil, &words, environ), "posix_spawn")
        pid = child
        pidfd = Descriptor(owning: try Errno.check(clinux_pidfd_open(child), "pidfd_open"))
        (input, output) = (ourInput, ourOutput)
        withExtendedLifetime((theirInput, theirOutput)) {}
        // Nothing at all is the end of a shell that failed.
        guard try !ourOutput.read(upTo: 64).isEmpty else { throw Errno(EPIPE, "read") }
    }

    /// Ends its input; the status or signal it ended with.
    func finish() throws -> Int32 {
        input = nil
        var status: Int32 = 0
        try Errno.check(waitpid(pid, &status, 0), "waitpid")
        return status & 0x7F == 0 ? status >> 8 & 0xFF : status & 0x7F
    }

    private static func pipe() throws -> (Descriptor, Descriptor) {
        var ends: [Int32] = [-1, -1]
        try Errno.check(clinux_pipe_cloexec(&ends), "pipe2")
        return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
    }
}
