import CLinux
package import Core
import Glibc
package import LinuxIO

/// The two ends of a pipe.
///
/// Our own end never blocks.
package struct Pipe: Sendable {
    package let read: Descriptor
    package let write: Descriptor

    /// A fresh pipe, close-on-exec.
    package init() throws {
        var ends: [Int32] = [-1, -1]
        try Errno.check(clinux_pipe_cloexec(&ends), "pipe2")
        read = Descriptor(owning: ends[0])
        write = Descriptor(owning: ends[1])
    }
}

extension Descriptor {
    /// Up to 64 KiB as soon as there are any; empty at the end.
    ///
    /// The descriptor must be non-blocking.
    package func nextBytes() async throws -> [UInt8] {
        while true {
            do {
                return try read(upTo: 64 * 1024)
            } catch let error as Errno where error.code == EAGAIN {
                try await Readiness.shared.readable(self)
            }
        }
    }

    /// Writes all bytes to a non-blocking pipe; waits in steps of `pause` while it is full.
    package func writeAll(
        _ bytes: [UInt8],
        time: any TimeSource,
        pause: Duration = .milliseconds(1)
    ) async throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(number, $0.baseAddress, min($0.count, 64 * 1024)) }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno == EAGAIN {
                try await time.sleep(for: pause)
            } else if errno != EINTR {
                throw Errno.last("write")
            }
        }
    }

    /// `/dev/null`, to read from.
    package static func null() throws -> Descriptor {
        let number = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard number >= 0 else { throw Errno.last("open /dev/null") }
        return Descriptor(owning: number)
    }
}
