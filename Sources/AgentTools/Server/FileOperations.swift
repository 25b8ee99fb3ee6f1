import Core
import Glibc
import LinuxIO

/// Reads and changes files by paths that the model chose.
///
/// The sandbox is what confines them, not this type.
struct FileOperations {
    /// Where relative paths start.
    let root: String

    /// Largest file that is read as text.
    static let textLimit = 16 * 1024 * 1024

    func absolute(_ path: String) throws(ToolFailure) -> String {
        guard !path.isEmpty, !path.utf8.contains(0) else { throw ToolFailure("the path is empty or holds a NUL") }
        return path.hasPrefix("/") ? path : root + "/" + path
    }

    /// The bytes of a regular file of at most `limit` bytes.
    func contents(_ path: String, limit: Int) throws -> [UInt8] {
        let number = open(try absolute(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard number >= 0 else { throw ToolFailure(Self.reason(path)) }
        let file = Descriptor(owning: number)
        let status = try file.status()
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ToolFailure(
                status.st_mode & S_IFMT == S_IFDIR
                    ? "\(path) is a directory: use glob to list it" : "\(path) is no regular file"
            )
        }
        guard status.st_size <= limit else {
            throw ToolFailure("\(path) has \(status.st_size) bytes, more than the \(limit) allowed here")
        }
        return try file.readAll(limit: limit)
    }

    func read(_ path: String, offset: Int, lines: Int, limit: Int) throws -> String {
        let bytes = try contents(path, limit: Self.textLimit)
        guard !bytes.prefix(8192).contains(0) else {
            throw ToolFailure("\(path) is no text: \(bytes.count) bytes with NULs in them")
        }
        var all = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if all.last?.isEmpty == true { all.removeLast() }
        guard !all.isEmpty else { return "(the file is empty)" }
        guard offset <= all.count else {
            throw ToolFailure("\(path) has \(all.count) lines; line \(offset) is past them")
        }
        var shown: [UInt8] = []
        var next = offset
        for line in all[(offset - 1)...].prefix(lines) {
            guard shown.count + line.count < limit else { break }
            shown += line
            shown.append(UInt8(ascii: "\n"))
            next += 1
        }
        if next == offset {
            shown = Array(all[offset - 1].prefix(limit)) + Array("\n".utf8)
            next += 1
        }
        let text = String(decoding: shown, as: UTF8.self)
        guard next <= all.count || offset > 1 else { return text }
        let rest = next <= all.count ? "; go on with offset \(next)" : ""
        return text + "[lines \(offset) to \(next - 1) of \(all.count)\(rest)]"
    }

    func write(_ path: String, _ text: String) throws -> String {
        let target = try absolute(path)
        try makeDirectories(for: target)
        try replace(target, Array(text.utf8))
        return "Wrote \(text.utf8.count) bytes to \(path)."
    }

    func append(_ path: String, _ bytes: [UInt8], limit: Int) throws {
        let number = open(
            try absolute(path),
            O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
            0o600
        )
        guard number >= 0 else { throw ToolFailure(Self.reason(path)) }
        let file = Descriptor(owning: number)
        let room = limit - Int(try file.status().st_size)
        try file.write(bytes.prefix(max(room, 0)))
    }

    func edit(_ path: String, old: String, new: String, all: Bool) throws -> String {
        guard !old.isEmpty else { throw ToolFailure("\"old\" is empty: use write_file for a new file") }
        guard old != new else { throw ToolFailure("\"old\" and \"new\" are the same") }
        let bytes = try contents(path, limit: Self.textLimit)
        let places = Self.places(of: Array(old.utf8), in: bytes)
        guard !places.isEmpty else {
            throw ToolFailure("\(path) does not hold that text; read the file and copy it exactly, white space too")
        }
        guard all || places.count == 1 else {
            throw ToolFailure(
                "\(path) holds that text \(places.count) times: give more of its surroundings, or set all"
            )
        }
        var result: [UInt8] = []
        var start = 0
        for place in places {
            result += bytes[start..<place]
            result += new.utf8
            start = place + old.utf8.count
        }
        result += bytes[start...]
        try replace(try absolute(path), result)
        return "Replaced \(places.count == 1 ? "one place" : "\(places.count) places") in \(path)."
    }

    /// Where the pattern stands, left to right, without overlaps.
    private static func places(of pattern: [UInt8], in bytes: [UInt8]) -> [Int] {
        guard let first = pattern.first else { return [] }
        var places: [Int] = []
        var start = 0
        while let place = bytes[start...].firstIndex(of: first), place + pattern.count <= bytes.count {
            if bytes[place..<(place + pattern.count)].elementsEqual(pattern) {
                places.append(place)
                start = place + pattern.count
            } else {
                start = place + 1
            }
        }
        return places
    }

    /// Puts a file into place whole; where the path is a link, the file that it leads to.
    private func replace(_ path: String, _ bytes: [UInt8]) throws {
        var target = path
        var mode: mode_t = 0o644
        if let real = realpath(path, nil) {
            target = String(cString: real)
            free(real)
            var status = stat()
            if stat(target, &status) == 0 {
                guard status.st_mode & S_IFMT == S_IFREG else { throw ToolFailure("\(path) is no regular file") }
                mode = status.st_mode & 0o7777
            }
        }
        let temporary = target + ".nanoclaw-\(getpid())"
        unlink(temporary)
        let number = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard number >= 0 else { throw ToolFailure(Self.reason(path)) }
        let file = Descriptor(owning: number)
        do {
            fchmod(number, mode)
            try file.write(bytes)
            try file.synchronize()
            guard rename(temporary, target) == 0 else { throw Errno.last("rename") }
        } catch {
            unlink(temporary)
            throw ToolFailure("\(path) was not written: \(error)")
        }
    }

    private func makeDirectories(for path: String) throws(ToolFailure) {
        var end = path.startIndex
        while let slash = path[path.index(after: end)...].firstIndex(of: "/") {
            let directory = String(path[..<slash])
            if mkdir(directory, 0o755) < 0, errno != EEXIST {
                let reason = String(cString: strerror(errno))
                throw ToolFailure("\(directory) cannot be made: \(reason)")
            }
            end = slash
        }
    }

    private static func reason(_ path: String) -> String { "\(path): \(String(cString: strerror(errno)))" }
}
