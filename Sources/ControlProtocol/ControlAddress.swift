package import Glibc
package import LinuxIO

/// The address of a unix socket in a directory that is held open: short, however deep the directory lies.
package enum ControlAddress {
    /// Calls the body with `/proc/self/fd/<directory>/<name>` as a socket address.
    package static func with<Result>(
        _ directory: Directory,
        _ name: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result
    ) throws -> Result {
        try UnixAddress("/proc/self/fd/\(directory.descriptor.number)/\(name)").with(body)
    }

    /// Connects to the host that serves this home; throws ``Errno`` when none does.
    package static func connect(home: String) throws -> ControlConnection {
        let directory = try Directory(path: "\(home)/data")
        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw Errno.last("socket") }
        let descriptor = Descriptor(owning: number)
        try with(directory, ControlProtocol.socketName) { address, length in
            guard Glibc.connect(number, address, length) == 0 else {
                throw Errno.last("connect \(home)/data/\(ControlProtocol.socketName)")
            }
        }
        return try ControlConnection(descriptor)
    }
}
