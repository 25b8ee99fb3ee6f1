import Glibc
import LinuxIO

/// A port of loopback that was free a moment ago.
func freePort() throws -> Int {
    let socket = Descriptor(owning: try Errno.check(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0), "socket"))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    try withUnsafeMutablePointer(to: &address) { pointer in
        try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            try Errno.check(bind(socket.number, address, size), "bind")
            try Errno.check(getsockname(socket.number, address, &size), "getsockname")
        }
    }
    return Int(UInt16(bigEndian: address.sin_port))
}
