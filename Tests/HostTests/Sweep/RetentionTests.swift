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
    @Test func `kept output of runners and counts of dropped messages go with the daily retention`() async throws {
        try await withTemporaryDirectory { home in
            if geteuid() == 0 { chown(home, 1000, 1000) }
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
            defer { sweeping.cancel() }
            try await time.waitForSleepers()

            let folder = try Directory(path: "\(home)/data/logs/runners")
            // The next pruning comes after 89 days: by then these are too many, none of them too old.
            let base = Int(time.now.milliseconds / 1000) + 80 * 86_400
            for number in 10..<80 { try log("se_\(number).log", in: folder, size: 1_000_000, changed: base + number) }
            let event = InboundEvent(
                address: ChatAddress(channel: "test", platformID: "c1"),
                platformMessageID: "p1",
                sentAt: time.now,
                senderNativeID: "stranger",
                content: ChatContent(text: "hi")
            )
            let reason = DropReason.unknownSenderStrict
            try await runtime.central.recordDrop(
                event,
                sender: nil,
                reason: reason,
                chat: nil,
                group: nil,
                now: time.now
            )

            time.advance(by: .seconds(89 * 86_400))
            try await time.waitForSleepers()
            #expect(try await runtime.central.read { try DroppedMessage.fetchCount($0) } == 1)
            #expect(try folder.names().sorted() == (16..<80).map { "se_\($0).log" })
            time.advance(by: .seconds(2 * 86_400))
            try await time.waitForSleepers()
            #expect(try await runtime.central.read { try DroppedMessage.fetchCount($0) } == 0)
        }
    }

    /// Makes a runner's log that was last written at that second.
    private func log(_ name: String, in folder: Directory, size: Int, changed second: Int) throws {
        let file = try folder.create(name)
        ftruncate(file.number, off_t(size))
        var times = [timespec(tv_sec: second, tv_nsec: 0), timespec(tv_sec: second, tv_nsec: 0)]
        futimens(file.number, &times)
    }

    @Test(arguments: [nil, 3]) func `a runner's log goes when its days are over, and not before`(
        days: Int?
    ) async throws {
        try await withTemporaryDirectory { home in
            if geteuid() == 0 { chown(home, 1000, 1000) }
            if let days {
                let file = try Directory(path: home).create("config.yaml")
                if geteuid() == 0 { fchown(file.number, 1000, 1000) }
                try file.write("retention:\n  runnerLogDays: \(days)\n".utf8)
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
            defer { sweeping.cancel() }
            try await time.waitForSleepers()

            let folder = try Directory(path: "\(home)/data/logs/runners")
            let pruning = Duration.seconds(86_401)
            let end = Int((time.now + pruning).milliseconds / 1000) - (days ?? 14) * 86_400
            try log("se_old.log", in: folder, size: 10, changed: end - 1)
            try log("se_old.log.1", in: folder, size: 10, changed: end - 86_400)
            try log("se_kept.log", in: folder, size: 10, changed: end + 1)
            time.advance(by: pruning)
            try await time.waitForSleepers()
            #expect(try folder.names() == ["se_kept.log"])
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
