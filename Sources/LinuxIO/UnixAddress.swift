package import Glibc

/// The address of a unix socket: unix(7).
package struct UnixAddress: Sendable {
    private var address = sockaddr_un()
    private let length: socklen_t

    /// A path, or with `@` at its start an abstract name; throws ``Errno`` when it is longer than an address.
    package init(_ path: String) throws {
        address.sun_family = sa_family_t(AF_UNIX)
        let isAbstract = path.hasPrefix("@")
        let name = Array((isAbstract ? "\0" + path.dropFirst() : path).utf8)
        try withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            guard name.count < bytes.count else { throw Errno(ENAMETOOLONG, "socket \(path)") }
            bytes.copyBytes(from: name)
        }
        // An abstract name ends with the address, a path with its 0 byte.
        length = socklen_t(MemoryLayout<sa_family_t>.size + name.count + (isAbstract ? 0 : 1))
    }

    /// Calls the body with the address as bind(2), connect(2) and sendto(2) take it.
    package func with<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result) rethrows -> Result {
        try withUnsafePointer(to: address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { try body($0, length) }
        }
    }
}
