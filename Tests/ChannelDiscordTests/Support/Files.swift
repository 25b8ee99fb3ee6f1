import Glibc
import LinuxIO

/// All of a file.
func read(_ path: String) throws -> [UInt8] {
    let number = open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { throw Errno.last("open \(path)") }
    let file = Descriptor(owning: number)
    var bytes: [UInt8] = []
    while true {
        let more = try file.read(upTo: 65_536)
        if more.isEmpty { return bytes }
        bytes += more
    }
}
