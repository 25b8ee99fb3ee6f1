import Glibc
import LinuxIO

/// A TCP listener on loopback as a sandbox would hand it over, and its port.
func makeListener() throws -> (Descriptor, port: Int) {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard number >= 0 else { throw Errno.last("socket") }
    let listener = Descriptor(owning: number)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Int32 in
            guard bind(number, address, length) == 0, listen(number, 64) == 0 else { return -1 }
            return getsockname(number, address, &length)
        }
    }
    guard result == 0 else { throw Errno.last("bind") }
    return (listener, Int(UInt16(bigEndian: address.sin_port)))
}

/// Sends text to a port and returns all that comes back until the other side closes.
func talk(_ port: Int, _ text: String) throws -> String {
    let connection = try dial(port)
    try connection.write(text.utf8)
    return String(decoding: try connection.readAll(limit: 64 << 20), as: UTF8.self)
}

/// A connection to a port on loopback.
func dial(_ port: Int) throws -> Descriptor {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard number >= 0 else { throw Errno.last("socket") }
    let connection = Descriptor(owning: number)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard result == 0 else { throw Errno.last("connect") }
    return connection
}
