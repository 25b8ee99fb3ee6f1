package import Core
import Glibc
package import LinuxIO
package import Logging

/// Reads the host's log for `nanoclaw logs`: old files and new, filtered, and what is added later.
package struct LogReader: Sendable {
    /// Which lines are wanted; what is nil does not matter.
    package struct Filter: Sendable {
        package var component: String?
        /// A session's id or its beginning.
        package var session: String?
        package var channel: String?
        /// The least level.
        package var level: Logger.Level?

        package init(
            component: String? = nil,
            session: String? = nil,
            channel: String? = nil,
            level: Logger.Level? = nil
        ) {
            self.component = component
            self.session = session
            self.channel = channel
            self.level = level
        }

        /// True for a line that is wanted; what stands below a component (`channel.cli`) counts as it.
        package func accepts(_ line: LogLine) -> Bool {
            if let component, line.component != component, !line.component.hasPrefix(component + ".") { return false }
            if let session, line.metadata["session"]?.hasPrefix(session) != true { return false }
            if let channel, !Self.isAbout(channel, line) { return false }
            if let level, line.level < level { return false }
            return true
        }

        /// A line of the channel's own, or about a chat on it: those are written `cli cli:local:main`.
        private static func isAbout(_ channel: String, _ line: LogLine) -> Bool {
            line.metadata["channel"] == channel || line.component == "channel.\(channel)"
                || line.metadata["chat"]?.hasPrefix(channel + " ") == true
        }
    }

    private static let largestFile = 1 << 34
    private let directory: Directory

    /// Reads the log in this directory, `<home>/data/logs`.
    package init(in directory: Directory) { self.directory = directory }

    /// The last `count` lines that are wanted, oldest first; reads from the newest file back.
    package func last(_ count: Int, _ filter: Filter = Filter()) throws -> [LogLine] {
        var found: [LogLine] = []
        var number = 0
        while found.count < count {
            let name = number == 0 ? HostLog.fileName : "\(HostLog.fileName).\(number)"
            number += 1
            guard try directory.status(name) != nil else {
                // Between two files, the newest is missing for a moment.
                if number == 1 { continue }
                break
            }
            let bytes = try directory.contents(name, limit: Self.largestFile)
            found = bytes.split(separator: UInt8(ascii: "\n")).compactMap(Self.line).filter(filter.accepts) + found
        }
        return Array(found.suffix(count))
    }

    /// Hands over each wanted line that is added from now on, until the task is cancelled; goes on with a new file.
    package func follow(
        _ filter: Filter = Filter(),
        time: any TimeSource = SystemTime(),
        _ body: (LogLine) async throws -> Void
    ) async throws {
        var cursor = LogCursor(directory: directory)
        try cursor.moveToEnd()
        while true {
            for bytes in try cursor.read() {
                if let line = Self.line(bytes), filter.accepts(line) { try await body(line) }
            }
            try await time.sleep(for: .milliseconds(200))
        }
    }

    /// A line that is none of ours is left out: it may be the half of one that a crash left.
    private static func line(_ bytes: ArraySlice<UInt8>) -> LogLine? { try? JSONText.decode(LogLine.self, bytes) }
}

/// A place in the log, which grows and is followed by another file of the same name.
private struct LogCursor {
    private let directory: Directory
    private var file: Descriptor?
    private var inode: UInt64 = 0
    private var offset = 0
    private var rest: [UInt8] = []

    init(directory: Directory) { self.directory = directory }

    mutating func moveToEnd() throws {
        try open()
        if let file { offset = Int(try file.status().st_size) }
    }

    /// The whole lines that were added.
    mutating func read() throws -> [ArraySlice<UInt8>] {
        var bytes = rest
        bytes += try more()
        if let status = try directory.status(HostLog.fileName), UInt64(status.st_ino) != inode {
            // What was written between the last read and the change of files.
            bytes += try more()
            try open()
            bytes += try more()
        }
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else {
            rest = bytes
            return []
        }
        rest = Array(bytes[(end + 1)...])
        return bytes[..<end].split(separator: UInt8(ascii: "\n"))
    }

    private mutating func open() throws {
        guard try directory.status(HostLog.fileName) != nil else { return }
        let file = try directory.open(HostLog.fileName, O_RDONLY)
        inode = UInt64(try file.status().st_ino)
        offset = 0
        self.file = file
    }

    private mutating func more() throws -> [UInt8] {
        guard let file else { return [] }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = pread(file.number, &buffer, buffer.count, off_t(offset))
            guard count >= 0 else { throw Errno.last("pread") }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            offset += count
        }
    }
}
