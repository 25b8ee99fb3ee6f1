import CLinux
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
        var memory = Memory()
    }

    /// What processes have of the machine's memory.
    struct Memory: Hashable {
        /// Anonymous memory that is resident, and files in memory: resident by sharing, or in a memfd or a tmpfs.
        ///
        /// Pages of files on disks are left out: they are shared with the host.
        var bytes = 0
        /// Open sockets and pipes: what they hold is in nobody's sum.
        var channels = 0

        /// As much as it may be.
        var most: Int { bytes + channels * Self.ofChannel }

        /// What a socket holds at most by default.
        static let ofChannel = 208 << 10
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

    /// What the tree below `root` uses; `memory` tells that of processes together.
    func usage(below root: Int32, memory: ([Int32]) -> Memory = ProcessTable.memory) -> Usage {
        let entries = tree(below: root)
        return Usage(threads: entries.reduce(0) { $0 + $1.threads }, memory: memory(entries.map(\.pid)))
    }

    /// The memory of processes; one that is gone has none.
    static func memory(of pids: [Int32]) -> Memory { memory(of: pids, patience: 50_000) }

    /// The same, with so many microseconds of the processor's time for what they have open: others wait to be looked at.
    static func memory(of pids: [Int32], patience: Int64) -> Memory {
        var (anonymous, shared) = (0, 0)
        for pid in pids {
            let resident = residentParts(of: pid)
            anonymous += resident["RssAnon"] ?? 0
            shared += resident["RssShmem"] ?? 0
        }
        var held = clinux_holdings()
        let result = clinux_sum_holdings(pids, Int32(pids.count), 0, 0, patience, &held)
        guard result >= 0 else { return Memory(bytes: anonymous + shared) }
        // What is mapped of a file in memory is in both.
        let memory = Memory(bytes: anonymous + max(shared, Int(held.memory)), channels: Int(held.channels))
        // Who has so much open that it cannot be counted in time counts for as much as all of it might hold.
        return result == 0 ? memory : Memory(bytes: memory.bytes + Int(held.files) * Memory.ofChannel)
    }

    /// The resident parts of one process, in bytes.
    private static func residentParts(of pid: Int32) -> [Substring: Int] {
        let own = parts(of: text("/proc/\(pid)/status") ?? "")
        guard own.isEmpty else { return own }
        // Its first thread has ended. Those that live on show what it has.
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        return threads.lazy.map { parts(of: text("/proc/\(pid)/task/\($0)/status") ?? "") }.first { !$0.isEmpty } ?? [:]
    }

    private static func parts(of status: String) -> [Substring: Int] {
        var parts: [Substring: Int] = [:]
        for line in status.split(separator: "\n") where line.hasPrefix("Rss") {
            let words = line.split(whereSeparator: { $0 == ":" || $0.isWhitespace })
            if words.count > 1, let size = Int(words[1]) { parts[words[0]] = size * 1024 }
        }
        return parts
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
