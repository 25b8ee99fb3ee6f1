import CLinux
package import ChannelKit
import Glibc
import LinuxIO

extension OutboundFile {
    /// An open file without a name in any folder.
    package static func test(_ name: String, _ bytes: [UInt8]) throws -> OutboundFile {
        let descriptor = Descriptor(owning: try Errno.check(clinux_memfd(name), "memfd_create"))
        try descriptor.write(bytes)
        guard lseek(descriptor.number, 0, SEEK_SET) == 0 else { throw Errno.last("lseek") }
        return OutboundFile(name: name, descriptor: descriptor, size: bytes.count)
    }
}

extension ChannelAdapter {
    /// Why a message was not delivered; nil when it was.
    package func refusal(_ message: OutboundMessage) async -> ChannelError? {
        do {
            _ = try await deliver(message)
            return nil
        } catch {
            return error
        }
    }
}
