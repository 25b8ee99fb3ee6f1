import Foundation
import Glibc
import LinuxIO

/// The host's processes at one moment, as /proc shows them: who is whose parent, and how many threads each has.
struct ProcessTable {
    /// One line of the table.
    struct Entry: Hashable {
        let pid: Int32
        let parent: Int32
        let threads: Int
    }

    /// What the processes of one sandbox use together.
    struct Usage: Hashable {
        /// Threads, as RLIMIT_NPROC and a cgroup's pids.max count.
        var threads = 0
        /// Anonymous and shared memory that is resident.
        ///
        /// Pages of files are left out: they are shared with the host.
        var memoryBytes = 0
    }

    private let children: [Int32: [Entry]]
    private let all: [Int32: Entry]

    init(_ entries: [Entry]) {
        children = Dictionary(grouping: entries, by: \.parent)
        all = Dictionary(entries.map { ($0.pid, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Reads the table.
    ///
    /// Processes that end meanwhile are left out.
    static func read() throws -> ProcessTable {
        let names = try FileManager.default.contentsOfDirectory(atPath: "/proc")
        return ProcessTable(names.compactMap { Int32($0) }.compactMap { entry(of: $0) })
    }

    /// `root` and everything that descends from it.
    ///
    /// An orphan has moved to an ancestor within its pid namespace, so nothing of a sandbox leaves the tree below its
    /// PID 1.
    func tree(below root: Int32) -> [Entry] {
        guard let first = all[root] else { return [] }
        var found = [first]
        var next = 0
        while next < found.count {
            found += children[found[next].pid] ?? []
            next += 1
        }
        return found
    }

    /// What the tree below `root` uses; `memory` tells the bytes of one process.
    func usage(below root: Int32, memory: (Int32) -> Int = ProcessTable.residentMemory) -> Usage {
        tree(below: root).reduce(into: Usage()) { usage, entry in
            usage.threads += entry.threads
            usage.memoryBytes += memory(entry.pid)
        }
    }

    /// Anonymous and shared resident memory of one process in bytes, 0 when it is gone.
    static func residentMemory(of pid: Int32) -> Int {
        guard let status = text("/proc/\(pid)/status") else { return 0 }
        return status.split(separator: "\n").reduce(0) { sum, line in
            guard line.hasPrefix("RssAnon:") || line.hasPrefix("RssShmem:") else { return sum }
            let words = line.split(whereSeparator: \.isWhitespace)
            return sum + (words.count > 1 ? Int(words[1]) ?? 0 : 0) * 1024
        }
    }

    /// Reads `pid (name) state parent …`.
    ///
    /// The name may hold anything, brackets and blanks too.
    static func parse(stat text: String, pid: Int32) -> Entry? {
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(whereSeparator: \.isWhitespace)
        guard fields.count > 17, let parent = Int32(fields[1]), let threads = Int(fields[17]) else { return nil }
        return Entry(pid: pid, parent: parent, threads: max(threads, 1))
    }

    private static func entry(of pid: Int32) -> Entry? {
        text("/proc/\(pid)/stat").flatMap { parse(stat: $0, pid: pid) }
    }

    private static func text(_ path: String) -> String? {
        let number = open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return nil }
        return (try? Descriptor(owning: number).readAll(limit: 1 << 16)).map { String(decoding: $0, as: UTF8.self) }
    }
}
