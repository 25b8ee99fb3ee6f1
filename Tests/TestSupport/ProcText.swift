import Glibc
import LinuxIO

/// The whole text of a file in /proc.
///
/// Of the kernel's lists (/proc/locks, mountinfo) one read gives a page, and Foundation's `String(contentsOfFile:)` and
/// `Data(contentsOf:)` take that for all: the size is said to be 0, and they do not read again.
package func procText(_ path: String) throws -> String {
    let end = path.lastIndex(of: "/") ?? path.startIndex
    let directory = try Directory(path: String(path[..<end]))
    let file = try directory.open(String(path[path.index(after: end)...]), O_RDONLY)
    return String(decoding: try file.readAll(limit: 64 << 20), as: UTF8.self)
}
