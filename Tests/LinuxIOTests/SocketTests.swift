import Glibc
import LinuxIO
import Testing

struct SocketTests {
    @Test func `a message arrives whole with its descriptors`() throws {
        let (left, right) = try PacketSocket.pair()
        let (extra, _) = try PacketSocket.pair()
        #expect(try left.send([1, 2, 3], passing: [extra.descriptor]) == .sent)
        guard case .message(let bytes, let descriptors) = try right.receive(limit: 16) else {
            Issue.record("nothing came")
            return
        }
        #expect(bytes == [1, 2, 3])
        #expect(descriptors.count == 1)
        #expect(fcntl(descriptors[0].number, F_GETFD) & FD_CLOEXEC != 0)
    }

    /// Whether the kernel has SO_PASSRIGHTS.
    private static var canRefuse: Bool {
        guard let (socket, _) = try? PacketSocket.pair() else { return false }
        var value: Int32 = -1
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(socket.descriptor.number, SOL_SOCKET, 83, &value, &length) == 0
    }

    @Test(.enabled(if: SocketTests.canRefuse, "Linux before 6.16"))
    func `an end that refuses descriptors takes messages without them, and sends with them`() throws {
        let (left, right) = try PacketSocket.pair()
        right.refuseDescriptors()
        #expect(throws: Errno(EPERM, "sendmsg")) { try left.send([1], passing: [left.descriptor]) }
        #expect(try left.send([1]) == .sent)
        #expect(try right.send([2], passing: [right.descriptor]) == .sent)
    }

    @Test func `an oversized message is refused, not cut`() throws {
        let (left, right) = try PacketSocket.pair()
        try left.send([UInt8](repeating: 1, count: 100))
        #expect(throws: Errno(EMSGSIZE, "recvmsg")) { try right.receive(limit: 10) }
    }

    @Test func `empty, full and gone are told apart`() throws {
        let (left, right) = try PacketSocket.pair()
        guard case .empty = try right.receive(limit: 8) else {
            Issue.record("expected empty")
            return
        }
        var sent = 0
        while try left.send([1]) == .sent { sent += 1 }
        #expect(sent > 0)
        #expect(try left.send([1]) == .full)
        let (far, near) = try PacketSocket.pair()
        do { _ = consume far }
        guard case .gone = try near.receive(limit: 8) else {
            Issue.record("expected gone")
            return
        }
        #expect(try near.send([1]) == .gone)
    }

    @Test func `a waiter wakes when its descriptor can be read`() async throws {
        let (left, right) = try PacketSocket.pair()
        async let ready: Void = Readiness.shared.readable(right.descriptor)
        try left.send([1])
        try await ready
        guard case .message = try right.receive(limit: 8) else {
            Issue.record("woken without a message")
            return
        }
    }

    @Test func `a cancelled waiter throws and leaves the descriptor free for another`() async throws {
        let (left, right) = try PacketSocket.pair()
        let task = Task { try await Readiness.shared.readable(right.descriptor) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        try left.send([1])
        try await Readiness.shared.readable(right.descriptor)
    }
}
