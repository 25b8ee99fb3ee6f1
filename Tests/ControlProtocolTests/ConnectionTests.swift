import CLinux
import Core
import Glibc
import LinuxIO
import Testing

@testable import ControlProtocol

@Suite struct `Control connection` {
    private func pair() throws -> (ControlConnection, ControlConnection) {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw Errno.last("socketpair")
        }
        return (
            try ControlConnection(Descriptor(owning: ends[0])), try ControlConnection(Descriptor(owning: ends[1]))
        )
    }

    @Test func `lines of many writers arrive whole through a socket that fills up`() async throws {
        let (left, right) = try pair()
        let text = String(repeating: "x", count: 200_000)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    try await left.write(ControlReply(id: "\(number)", .result(.string(text))).line())
                }
            }
            var splitter = LineSplitter()
            var ids: Set<String> = []
            while ids.count < 8 {
                for line in try splitter.append(try await right.read()) {
                    let reply = try ControlReply(line: line)
                    #expect(reply.body == .result(.string(text)))
                    ids.insert(reply.id)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `the end of the other side ends a waiting read`() async throws {
        let (left, right) = try pair()
        async let end = right.read()
        left.shutDown()
        #expect(try await end.isEmpty)
    }

    @Test func `a write that nobody reads ends with its task`() async throws {
        let (left, right) = try pair()
        let task = Task {
            while true { try await left.write([UInt8](repeating: 0x61, count: 1 << 20)) }
        }
        #expect(try await right.read().isEmpty == false)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `the kernel tells who is at the other end`() throws {
        let (left, right) = try pair()
        #expect(try left.peer().uid == getuid())
        #expect(try right.peer().pid == getpid())
    }
}
