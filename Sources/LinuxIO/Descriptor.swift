import CLinux
package import Glibc

/// An open file descriptor that is closed when its last user lets go of it.
package final class Descriptor: Sendable {
    /// The number; valid as long as this object lives.
    package let number: Int32

    /// Takes over an open descriptor.
    package init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    /// Another descriptor of the same open file, close-on-exec.
    package func duplicate() throws -> Descriptor {
        Descriptor(owning: try Errno.check(fcntlDuplicate(number), "fcntl F_DUPFD_CLOEXEC"))
    }

    private func fcntlDuplicate(_ number: Int32) -> Int32 {
        let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
        return copy < 0 ? -errno : copy
    }

    /// Makes reads and writes answer EAGAIN instead of waiting.
    package func setNonBlocking() throws {
        let flags = fcntl(number, F_GETFL)
        guard flags >= 0, fcntl(number, F_SETFL, flags | O_NONBLOCK) >= 0 else { throw Errno.last("fcntl O_NONBLOCK") }
    }

    /// What `fstat` says of it.
    package func status() throws -> stat {
        var status = stat()
        guard fstat(number, &status) == 0 else { throw Errno.last("fstat") }
        return status
    }

    /// Up to `count` bytes from the current place; empty at the end.
    package func read(upTo count: Int) throws -> [UInt8] {
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var got: Int
            repeat { got = Glibc.read(number, buffer.baseAddress, count) } while got < 0 && errno == EINTR
            if got < 0 { failure = Errno.last("read") }
            filled = max(got, 0)
        }
        if let failure { throw failure }
        return bytes
    }

    /// Everything from the current place to the end; throws EFBIG past `limit` bytes.
    package func readAll(limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let part = try read(upTo: min(limit - bytes.count + 1, 1 << 20))
            if part.isEmpty { return bytes }
            bytes += part
            if bytes.count > limit { throw Errno(EFBIG, "read") }
        }
    }

    /// Writes all bytes.
    package func write(_ bytes: some Collection<UInt8>) throws {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
            if written < 0 {
                if errno == EINTR { continue }
                throw Errno.last("write")
            }
            rest = rest.dropFirst(written)
        }
    }

    /// Brings what was written to the disk.
    package func synchronize() throws {
        guard fsync(number) == 0 else { throw Errno.last("fsync") }
    }
}

/// A SEQPACKET socket: whole messages, in order, with descriptors beside them.
package struct PacketSocket: Sendable {
    package let descriptor: Descriptor

    /// Takes an open SEQPACKET socket.
    package init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    /// Two connected ends, close-on-exec.
    package static func pair() throws -> (PacketSocket, PacketSocket) {
        var ends: [Int32] = [-1, -1]
        try Errno.check(clinux_seqpacket_pair(&ends), "socketpair")
        return (PacketSocket(Descriptor(owning: ends[0])), PacketSocket(Descriptor(owning: ends[1])))
    }

    /// Makes the kernel refuse messages to this end that carry descriptors (EPERM for who sends one); nothing before Linux 6.16.
    ///
    /// Else what nobody asked for is closed by who receives, and a last close may take its time.
    package func refuseDescriptors() {
        var no: Int32 = 0
        // SO_PASSRIGHTS, which the headers may not have.
        setsockopt(descriptor.number, SOL_SOCKET, 83, &no, socklen_t(MemoryLayout<Int32>.size))
    }

    /// What became of a message that was not to wait.
    package enum Sent: Sendable, Hashable {
        case sent
        /// The socket is full.
        case full
        /// Nobody is at the other end.
        case gone
    }

    /// Sends without waiting.
    @discardableResult
    package func send(_ bytes: [UInt8], passing descriptors: [Descriptor] = []) throws -> Sent {
        let numbers = descriptors.map(\.number)
        let result = clinux_send(
            descriptor.number,
            bytes,
            bytes.count,
            numbers,
            Int32(numbers.count),
            Int32(MSG_DONTWAIT)
        )
        withExtendedLifetime(descriptors) {}
        switch Int32(truncatingIfNeeded: -result) {
        case EAGAIN: return .full
        case EPIPE, ECONNRESET, ENOTCONN: return .gone
        default:
            try Errno.check(result, "sendmsg")
            return .sent
        }
    }

    /// What there is to receive without waiting.
    package enum Received: Sendable {
        case message([UInt8], [Descriptor])
        /// Nothing waits.
        case empty
        /// The other end is closed.
        case gone
    }

    /// Receives one message of at most `limit` bytes without waiting; longer ones throw EMSGSIZE.
    package func receive(limit: Int) throws -> Received {
        var bytes = [UInt8](repeating: 0, count: limit)
        var numbers = [Int32](repeating: -1, count: Int(CLINUX_MAX_FDS))
        var count = Int32(numbers.count)
        let got = clinux_receive(
            descriptor.number,
            &bytes,
            limit,
            &numbers,
            &count,
            Int32(MSG_DONTWAIT)
        )
        let descriptors = numbers.prefix(Int(count)).map(Descriptor.init(owning:))
        switch Int32(truncatingIfNeeded: -got) {
        case EAGAIN: return .empty
        case ECONNRESET: return .gone
        default:
            try Errno.check(got, "recvmsg")
            return got == 0 && descriptors.isEmpty ? .gone : .message(Array(bytes.prefix(got)), descriptors)
        }
    }
}
