import CentralStore
import ChannelKit
import ControlProtocol
import Core
import GRDB
import Glibc
import HostLogging
import LinuxIO
import TestSupport
import Testing

@testable import Host

/// What the host throws away by itself, and what bounds it takes from the configuration.
@Suite(.timeLimit(.minutes(1))) struct RetentionTests {
    /// A host on a fresh home whose sweeps turn with the clock, and its folder of kept output.
    private func withSweeps(
        configuration: String = "",
        _ body: (HostRuntime, ManualTime, Directory) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { home in
            if geteuid() == 0 { chown(home, 1000, 1000) }
            if !configuration.isEmpty {
                let file = try Directory(path: home).create("config.yaml")
                if geteuid() == 0 { fchown(file.number, 1000, 1000) }
                try file.write(configuration.utf8)
            }
            var options = HostOptions(home: home, binaries: "/nonexistent")
            options.echo = HostLogHandler.Echo.none
            let time = ManualTime()
            let runtime = try await HostRuntime(
                options,
                spawner: FakeSpawner(home: home, time: time) { _ in .echo },
                time: time
            )
            defer { runtime.release() }
            let sweeping = Task { await runtime.sweep.run() }
            try await time.waitForSleepers(2)
            try await body(runtime, time, try Directory(path: "\(home)/data/logs/runners"))
            sweeping.cancel()
            await sweeping.value
        }
    }

    /// Makes a runner's log that was last written at that second.
    private func log(_ name: String, in folder: Directory, size: Int, changed second: Int) throws {
        let file = try folder.create(name)
        ftruncate(file.number, off_t(size))
        var times = [timespec(tv_sec: second, tv_nsec: 0), timespec(tv_sec: second, tv_nsec: 0)]
        futimens(file.number, &times)
    }

    @Test func `kept output of runners and counts of dropped messages go with the daily retention`() async throws {
        try await withSweeps(configuration: "retention:\n  runnerLogSize: 8MiB\n") { runtime, time, folder in
            // The next pruning comes after 89 days: by then these are too many, none of them too old.
            let base = Int(time.now.milliseconds / 1000) + 80 * 86_400
            for number in 10..<80 {
                try log("se_\(number).log.1", in: folder, size: 1_000_000, changed: base + number)
                try log("se_\(number).log", in: folder, size: 10, changed: base + 100)
            }
            let event = InboundEvent(
                address: ChatAddress(channel: "test", platformID: "c1"),
                platformMessageID: "p1",
                sentAt: time.now,
                senderNativeID: "stranger",
                content: ChatContent(text: "hi")
            )
            try await runtime.central.recordDrop(
                event,
                sender: nil,
                reason: .unknownSenderStrict,
                chat: nil,
                group: nil,
                now: time.now
            )

            time.advance(by: .seconds(89 * 86_400))
            try await time.waitForSleepers(2)
            #expect(try await runtime.central.read { try DroppedMessage.fetchCount($0) } == 1)
            let kept = (10..<80).map { "se_\($0).log" } + (72..<80).map { "se_\($0).log.1" }
            #expect(try folder.names().sorted() == kept.sorted())
            time.advance(by: .seconds(2 * 86_400))
            try await time.waitForSleepers(2)
            #expect(try await runtime.central.read { try DroppedMessage.fetchCount($0) } == 0)
        }
    }

    @Test(arguments: [nil, 3]) func `a runner's log goes when its days are over, and not before`(
        days: Int?
    ) async throws {
        let configuration = days.map { "retention:\n  runnerLogDays: \($0)\n" } ?? ""
        try await withSweeps(configuration: configuration) { _, time, folder in
            let pruning = Duration.seconds(86_401)
            let end = Int((time.now + pruning).milliseconds / 1000) - (days ?? 14) * 86_400
            try log("se_old.log", in: folder, size: 10, changed: end - 1)
            try log("se_old.log.1", in: folder, size: 10, changed: end - 86_400)
            try log("se_kept.log", in: folder, size: 10, changed: end + 1)
            time.advance(by: pruning)
            try await time.waitForSleepers(2)
            #expect(try folder.names() == ["se_kept.log"])
        }
    }

    @Test func `a runner's log that is to be kept for good stays`() async throws {
        try await withSweeps(configuration: "retention:\n  runnerLogDays: never\n") { _, time, folder in
            // More than all of them may take.
            try log("se_old.log", in: folder, size: 100_000_000, changed: 1)
            time.advance(by: .seconds(86_401))
            try await time.waitForSleepers(2)
            #expect(try folder.names() == ["se_old.log"])
        }
    }

    @Test func `the control socket takes as many clients as the configuration says`() async throws {
        try await withTemporaryDirectory { home in
            let file = try Directory(path: home).create("config.yaml")
            try file.write("control:\n  maximumClients: 1\n".utf8)
            try await withHost(home: home) { host in
                let first = RawClient(try ControlAddress.connect(home: home))
                try await first.send(ControlRequest(id: "1", command: "status", arguments: [:]))
                _ = try await first.next()
                let second = RawClient(try ControlAddress.connect(home: home))
                guard case .failure(let error)? = try await second.next()?.body else {
                    Issue.record("a second client was served")
                    return
                }
                #expect(error.code == .busy)
                #expect(error.message.contains("serves 1 clients"))
            }
        }
    }
}
