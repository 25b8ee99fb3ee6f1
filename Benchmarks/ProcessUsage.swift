import Foundation

/// What the kernel says of processes.
enum ProcessUsage {
    /// Memory of one or more processes, in bytes.
    struct Memory {
        /// Shared pages counted by their share.
        var proportional = 0.0
        /// Pages that nobody else has.
        var own = 0.0

        var megabytes: Double { proportional / 1e6 }
        var ownMegabytes: Double { own / 1e6 }
    }

    /// The memory of these processes together; one that is gone counts nothing.
    static func memory(_ pids: some Sequence<Int32>) -> Memory {
        pids.reduce(into: Memory()) { sum, pid in
            let text = (try? String(contentsOfFile: "/proc/\(pid)/smaps_rollup", encoding: .utf8)) ?? ""
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ")
                guard words.count >= 2, let kilobytes = Double(words[1]) else { continue }
                switch words[0] {
                case "Pss:": sum.proportional += kilobytes * 1024
                case "Private_Clean:", "Private_Dirty:": sum.own += kilobytes * 1024
                default: break
                }
            }
        }
    }

    /// Resident bytes.
    static func resident(_ pid: Int32) -> Double {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0) * Double(getpagesize())
    }

    /// Open descriptors.
    static func descriptors(_ pid: Int32) -> Double {
        Double((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd"))?.count ?? 0)
    }

    /// Processor seconds that a process has used, its ended threads included.
    static func processorSeconds(_ pid: Int32) throws -> Double {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else {
            throw Options.Usage("process \(pid) is gone")
        }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The same of these processes together.
    static func processorSeconds(_ pids: [Int32]) throws -> Double { try pids.map(processorSeconds).reduce(0, +) }

    /// The processes below these, themselves included.
    static func trees(_ roots: some Sequence<Int32>) -> [Int32: [Int32]] {
        let children = children()
        func tree(_ pid: Int32) -> [Int32] { [pid] + (children[pid] ?? []).flatMap(tree) }
        return Dictionary(uniqueKeysWithValues: Set(roots).map { ($0, tree($0)) })
    }

    /// The host and its spawner, without the sandboxes below that, whose first processes have its name.
    static func hostProcesses(_ pid: Int32) -> [Int32] { [pid] + (children()[pid] ?? []) }

    private static func children() -> [Int32: [Int32]] {
        var children: [Int32: [Int32]] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let pid = Int32(name), let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                let end = text.lastIndex(of: ")")
            else { continue }
            let fields = text[text.index(after: end)...].split(separator: " ")
            guard fields.count > 1, let parent = Int32(fields[1]) else { continue }
            children[parent, default: []].append(pid)
        }
        return children
    }
}
