import Glibc
import LinuxIO

/// A directory in memory for the states that are opened: nothing in them needs a disk.
struct PowerCutPlace: Sendable {
    /// Where it stands.
    let path: String
    private let parent: String

    /// Makes one; end with ``remove()``.
    init() throws {
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        // The six are what mkdtemp replaces.
        var template = Array("\(parent)/nanoclaw-power-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno.last("mkdtemp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Removes it with all that is in it.
    func remove() { try? Directory(path: parent).remove(String(path.dropFirst(parent.count + 1))) }

    /// Empties it and puts a state there; a name whose directory is not there is none.
    func put(_ content: PowerCutDisk.Content, directories: Set<PowerCutDisk.Node>) throws {
        let root = try Directory(path: path)
        for name in try root.names() { try root.remove(name) }
        for (name, node) in content.names.sorted(by: { $0.key < $1.key }) {
            let parts = name.split(separator: "/")
            let above = parts.dropLast().joined(separator: "/")
            guard let directory = above.isEmpty ? root : try? root.directory(above), let last = parts.last else {
                continue
            }
            if directories.contains(node) {
                try directory.makeDirectory(String(last))
            } else {
                try directory.create(String(last)).write(content.data[node] ?? [])
            }
        }
    }
}
