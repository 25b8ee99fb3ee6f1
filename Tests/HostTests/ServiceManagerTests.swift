import Core
import Glibc
import LinuxIO
import Synchronization
import TestSupport
import Testing

@testable import Host

/// What systemd is told.
@Suite(.timeLimit(.minutes(1))) struct ServiceManagerTests {
    /// The other end: systemd's socket.
    private final class Manager: Sendable {
        let socket: Descriptor

        init(_ path: String) throws {
            socket = Descriptor(owning: Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0))
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let bound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket.number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            guard bound == 0 else { throw Errno.last("bind") }
            try socket.setNonBlocking()
        }

        func next() async throws -> String {
            try await Readiness.shared.readable(socket)
            return String(decoding: try socket.read(upTo: 4096), as: UTF8.self)
        }

        var isSilent: Bool { (try? socket.read(upTo: 4096)) == nil }
    }

    @Test func `without systemd there is nobody to tell, and a watchdog of another process is not ours`() throws {
        #expect(ServiceManager(environment: [:]) == nil)
        #expect(ServiceManager(environment: ["NOTIFY_SOCKET": "relative"]) == nil)
        let other = ["NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"]
        #expect(try #require(ServiceManager(environment: other, pid: 2)).watchdog == nil)
        #expect(try #require(ServiceManager(environment: other, pid: 1)).watchdog == .seconds(3))
    }

    @Test func `a sign of life follows each proof, and none a proof that fails or does not come back`() async throws {
        try await withTemporaryDirectory { path in
            let systemd = try Manager(path + "/notify")
            let manager = try #require(
                ServiceManager(environment: ["NOTIFY_SOCKET": path + "/notify", "WATCHDOG_USEC": "30000000"])
            )
            let time = ManualTime()
            let proofs = Atomic(0)
            let keeping = Task {
                try await manager.keepAlive(time: time) {
                    switch proofs.add(1, ordering: .sequentiallyConsistent).newValue {
                    case 1, 2: return
                    case 3: throw Errno(EIO, "status")
                    default: try await Task.sleep(for: .seconds(3600))
                    }
                }
            }
            #expect(try await systemd.next() == "WATCHDOG=1")
            try await time.waitForSleepers()
            time.advance(by: .seconds(10))
            #expect(try await systemd.next() == "WATCHDOG=1")
            try await time.waitForSleepers()
            time.advance(by: .seconds(10))
            #expect(try await systemd.next().hasPrefix("STATUS=no sign of life"))
            try await time.waitForSleepers()
            time.advance(by: .seconds(10))
            while proofs.load(ordering: .sequentiallyConsistent) < 4 { await Task.yield() }
            time.advance(by: .seconds(100))
            #expect(systemd.isSilent)
            keeping.cancel()
            await #expect(throws: CancellationError.self) { try await keeping.value }
        }
    }
}
