import Glibc
import LinuxIO

/// The parent of a process; nil when it is gone.
func parent(of pid: Int32) -> Int32? {
    contents("/proc/\(pid)/stat").flatMap { text in
        text.lastIndex(of: ")").flatMap { Int32(text[text.index($0, offsetBy: 4)...].split(separator: " ")[0]) }
    }
}

/// All of a small file; nil when it cannot be read.
func contents(_ path: String) -> String? {
    let number = open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { return nil }
    return (try? Descriptor(owning: number).readAll(limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
}
