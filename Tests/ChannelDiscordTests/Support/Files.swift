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

/// An open file with these bytes, which has no name any more.
func temporary(_ bytes: [UInt8], in folder: String) throws -> Descriptor {
    let path = "\(folder)/\(UInt64.random(in: 0 ... .max))"
    let number = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard number >= 0 else { throw Errno.last("open \(path)") }
    let file = Descriptor(owning: number)
    unlink(path)
    guard bytes.withUnsafeBytes({ pwrite(number, $0.baseAddress, $0.count, 0) }) == bytes.count else {
        throw Errno.last("pwrite \(path)")
    }
    return file
}
