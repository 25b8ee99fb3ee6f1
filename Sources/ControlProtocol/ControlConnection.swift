import CLinux
import Glibc
package import LinuxIO
import Synchronization

/// One end of a control socket: whole lines in, whole lines out, neither blocking a thread.
package final class ControlConnection: Sendable {
    private let reading: Descriptor
    private let writing: Descriptor
    private let outgoing: AsyncSerial

    /// Takes over a connected stream socket.
    package init(_ descriptor: Descriptor) throws {
        try descriptor.setNonBlocking()
        reading = descriptor
        // A descriptor of its own, because each has one waiter.
        writing = try descriptor.duplicate()
        outgoing = AsyncSerial()
    }

    /// Who is at the other end, as the kernel says.
    package func peer() throws -> (pid: Int32, uid: UInt32) {
        var pid: pid_t = 0
        var uid: uid_t = 0
        var gid: gid_t = 0
        try Errno.check(clinux_peer(reading.number, &pid, &uid, &gid), "getsockopt SO_PEERCRED")
        return (pid, uid)
    }

    /// The next bytes; empty at the end.
    ///
    /// One task at a time.
    package func read() async throws -> [UInt8] {
        while true {
            do {
                return try reading.read(upTo: 1 << 14)
            } catch let error as Errno where error.code == EAGAIN {
                try await Readiness.shared.readable(reading)
            } catch let error as Errno where error.code == ECONNRESET {
                return []
            }
        }
    }

    /// Sends one line; lines of several tasks never mix.
    ///
    /// Throws EPIPE when nobody listens any more.
    package func write(_ line: [UInt8]) async throws {
        try await outgoing.run { [writing] in
            var rest = line[...]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes {
                    Glibc.send(writing.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if sent >= 0 {
                    rest = rest.dropFirst(sent)
                } else if errno == EAGAIN {
                    try await Readiness.shared.writable(writing)
                } else if errno != EINTR {
                    throw Errno.last("send")
                }
            }
        }
    }

    /// Ends both directions at once: waiting reads see the end.
    package func shutDown() {
        shutdown(reading.number, Int32(SHUT_RDWR))
    }
}
