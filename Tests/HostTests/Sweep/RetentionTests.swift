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
            for number in 10..<80 {
                let file = try folder.create("se_\(number).log")
                ftruncate(file.number, 1_000_000)
                var times = [timespec(tv_sec: number, tv_nsec: 0), timespec(tv_sec: number, tv_nsec: 0)]
                futimens(file.number, &times)
            }
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
