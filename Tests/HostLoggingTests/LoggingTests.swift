import Core
import Glibc
import HostLogging
import LinuxIO
import Logging
import Synchronization
import TestSupport
import Testing

@Suite struct `The host's log` {
    private func withLog<Result>(
        size: Int = 10_000_000,
        files: Int = 10,
        _ body: (_ log: HostLog, _ directory: Directory) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryDirectory { path in
            let directory = try Directory(path: path)
            return try await body(HostLog(in: directory, size: size, files: files, time: ManualTime()), directory)
        }
    }

    @Test func `a line carries time, level, component, message and metadata`() async throws {
        try await withLog { log, directory in
            var logger = log.logger("router")
            logger[metadataKey: "channel"] = "cli"
            logger.warning("message dropped", metadata: ["reason": "no_agent_wired"])
            let lines = try LogReader(in: directory).last(10)
            let line = LogLine(
                at: ManualTime().now,
                level: .warning,
                component: "router",
                message: "message dropped",
                metadata: ["channel": "cli", "reason": "no_agent_wired"]
            )
            #expect(lines == [line])
            #expect(line.pretty().hasPrefix("2026-"))
            #expect(line.pretty().contains("router: message dropped  channel=cli  reason=no_agent_wired"))
        }
    }

    @Test(arguments: ["api.key", "token", "Authorization", "bot_token", "provider.apiKey", "password"])
    func `a value whose key names a secret is not written`(key: String) async throws {
        try await withLog { log, directory in
            log.logger("x").info("m", metadata: ["\(key)": "sk-canary", "monkey": "banana"])
            log.logger("x").info("m", metadata: ["request": .dictionary([key: "sk-canary"])])
            let text = String(decoding: try directory.contents(HostLog.fileName, limit: 10_000), as: UTF8.self)
            #expect(!text.contains("sk-canary"))
            #expect(text.contains("banana"))
        }
    }

    @Test func `levels hold for a component and what stands below it, and change at run time`() async throws {
        try await withLog { log, directory in
            let (parent, child, other) = (log.logger("channel"), log.logger("channel.cli"), log.logger("router"))
            child.debug("hidden")
            log.levels.set(.debug, for: "channel")
            child.debug("shown")
            parent.debug("shown too")
            other.debug("hidden")
            log.levels.set(nil, for: "channel")
            child.debug("hidden again")
            let shown = try LogReader(in: directory).last(10).map(\.message)
            #expect(shown == ["shown", "shown too"])
        }
    }

    @Test func `T68 a log stays under its cap and keeps the newest lines`() async throws {
        try await withLog(size: 10_000, files: 3) { log, directory in
            let logger = log.logger("x")
            for index in 0..<5000 { logger.info("line \(index)") }
            let total = try directory.names().reduce(0) { try $0 + Int(directory.status($1)?.st_size ?? 0) }
            #expect(total <= 30_000)
            #expect(try directory.names().count == 3)
            let last = try LogReader(in: directory).last(100)
            #expect(last.map(\.message) == (4900..<5000).map { "line \($0)" })
        }
    }

    @Test func `T68 a million lines stay under ten files of ten megabytes`() async throws {
        try await withTemporaryDirectory { path in
            let directory = try Directory(path: path)
            let file = RotatingFile(in: directory, name: "nanoclaw.log", size: 10_000_000, files: 10)
            let line = Array((String(repeating: "x", count: 149) + "\n").utf8)
            for _ in 0..<1_000_000 { file.append(line) }
            let sizes = try directory.names().map { try Int(directory.status($0)?.st_size ?? 0) }
            #expect(sizes.count == 10)
            #expect(sizes.allSatisfy { $0 > 0 && $0 <= 10_000_000 && $0 % 150 == 0 })
        }
    }

    @Test func `a log goes on where an earlier host ended`() async throws {
        try await withTemporaryDirectory { path in
            let directory = try Directory(path: path)
            for index in 0..<6 {
                HostLog(in: directory, size: 300, files: 9, time: ManualTime()).logger("x").info("start \(index)")
            }
            #expect(try LogReader(in: directory).last(9).map(\.message) == (0..<6).map { "start \($0)" })
            #expect(try directory.names().count > 1)
        }
    }

    @Test func `filters take what they name`() async throws {
        try await withLog { log, directory in
            log.logger("channel.cli").info("a", metadata: ["session": "se_1"])
            log.logger("delivery").error("b", metadata: ["session": "se_2", "channel": "cli"])
            log.logger("router").info("c", metadata: ["chat": "clix clix:1"])
            log.logger("router").info("d", metadata: ["chat": "cli cli:local:main"])
            func messages(_ filter: LogReader.Filter) throws -> [String] {
                try LogReader(in: directory).last(9, filter).map(\.message)
            }
            try #require(try messages(.init()).count == 4)
            #expect(try messages(.init(component: "channel")) == ["a"])
            #expect(try messages(.init(session: "se_2")) == ["b"])
            #expect(try messages(.init(channel: "cli")) == ["a", "b", "d"])
            #expect(try messages(.init(level: .warning)) == ["b"])
        }
    }

    @Test func `following goes on when the file is put aside`() async throws {
        try await withLog(size: 200, files: 3) { log, directory in
            let logger = log.logger("x")
            logger.info("before")
            let time = ManualTime()
            let (seen, sink) = AsyncStream.makeStream(of: String.self)
            let task = Task {
                try await LogReader(in: directory).follow(time: time) { sink.yield($0.message) }
            }
            defer { task.cancel() }
            var messages = seen.makeAsyncIterator()
            for index in 0..<5 {
                try await time.waitForSleepers()
                logger.info("a line that fills much of one file: \(index)")
                time.advance(by: .milliseconds(200))
                let message = await messages.next()
                #expect(message == "a line that fills much of one file: \(index)")
            }
        }
    }

    @Test func `control characters of a message cannot act on a terminal`() {
        let line = LogLine(
            at: Timestamp(milliseconds: 0),
            level: .info,
            component: "x",
            message: "a\u{1B}[2Jb\nc",
            metadata: [:]
        )
        #expect(!line.pretty().contains("\u{1B}"))
        #expect(!line.pretty().contains("\n"))
    }
}

@Suite struct `The output of runners` {
    /// Two ends that nothing else holds, so that letting go of one closes it.
    private static func pair() throws -> [PacketSocket] {
        let (near, far) = try PacketSocket.pair()
        return [near, far]
    }

    @Test func `T68 what a runner prints is kept, capped, with its incarnation`() async throws {
        try await withTemporaryDirectory { path in
            let directory = try Directory(path: path)
            let output = RunnerOutput(in: directory, size: 5000)
            let session = SessionID.random()
            var ends = try Self.pair()
            let near = ends[0].descriptor
            async let collected: Void = output.collect(near, stream: "stderr", session: session, incarnation: 7)
            for index in 0..<200 {
                let line = Array("problem \(index) \(String(repeating: "x", count: 80))\n".utf8)
                while try ends[1].send(line) == .full { await Task.yield() }
            }
            ends.removeAll()
            try await collected
            let kept = String(decoding: try output.contents(of: session), as: UTF8.self)
            #expect(kept.contains("incarnation 7 stderr"))
            #expect(kept.contains("problem 199") && !kept.contains("problem 0 "))
            #expect(kept.utf8.count <= 10_500)
        }
    }

    @Test func `T60 whoever prints without end is read no faster than 4 MiB a second`() async throws {
        try await withTemporaryDirectory { path in
            let output = RunnerOutput(in: try Directory(path: path))
            let clock = ManualTime()
            var ends = try Self.pair()
            let near = ends[0].descriptor
            async let collected: Void = output.collect(
                near,
                stream: "stdout",
                session: .random(),
                incarnation: 1,
                time: clock
            )
            let isHeld = Atomic(false)
            let watch = Task {
                try await clock.waitForSleepers()
                isHeld.store(true, ordering: .releasing)
            }
            let part = [UInt8](repeating: 0x78, count: 1 << 15)
            var sent = 0
            while !isHeld.load(ordering: .acquiring) {
                if try ends[1].send(part) == .sent { sent += part.count } else { await Task.yield() }
                try #require(sent < 64 << 20)
            }
            // What it has read, and what the socket holds.
            #expect(sent >= 4 << 20 && sent < 5 << 20)
            try await watch.value
            clock.advance(by: .seconds(1))
            ends.removeAll()
            try await collected
        }
    }

    @Test func `T68 the output of thousands of runs stays under its cap, the newest kept`() async throws {
        try await withTemporaryDirectory { path in
            let directory = try Directory(path: path)
            for index in 0..<300 {
                let number = String(index + 1000)
                for (age, name) in ["se_\(number).log", "se_\(number).log.1"].enumerated() {
                    let text = String(repeating: number, count: age == 0 ? 1 : 250)
                    try directory.create(name).write(Array(text.utf8))
                    let time = timespec(tv_sec: 2 * index + 1 - age, tv_nsec: 0)
                    utimensat(directory.descriptor.number, name, [time, time], 0)
                }
            }
            let output = RunnerOutput(in: directory)
            try output.remove(try output.expired(limit: 12_000))
            let (last, before) = ((1000..<1300).map { "se_\($0).log" }, (1290..<1300).map { "se_\($0).log.1" })
            #expect(try directory.names().sorted() == (last + before).sorted())
        }
    }
}
