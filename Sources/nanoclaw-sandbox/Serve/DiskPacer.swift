import CLinux
import Glibc
import SandboxWire

/// Slows down the sandboxes of one spawner that write too fast, by the freezer of their cgroups.
struct DiskPacer {
    private var pacing: WritePacing
    private var next: Int64 = 0
    /// What the kernel was told to freeze, and not yet to let go on: it is told until it has taken it.
    private var held: [Int: String] = [:]
    /// Where the next look begins, when the last one took too long for all.
    private var first = 0

    /// Milliseconds between two looks: while somebody who is over its rate runs, while much is written, and between two at
    /// the whole machine while it is not.
    private static let short: Int64 = 5
    private static let interval: Int64 = 25
    private static let rest: Int64 = 200
    /// A look takes at most so small a part of one processor's time; while somebody is frozen or over its rate it is put off
    /// no longer than the longest freeze.
    private static let part: Int64 = 50
    /// Milliseconds for all sandboxes and for one: a process that is just replacing a large program is slow to read.
    private static let patience: Int64 = 100
    private static let patienceForOne: Int64 = 10

    /// Nil without a bound.
    init?(bytesPerSecond: UInt64) {
        guard bytesPerSecond > 0 else { return nil }
        pacing = WritePacing(bytesPerSecond: bytesPerSecond)
    }

    /// Milliseconds until the next look.
    var untilNext: Int32 { Int32(clamping: max(0, next - clinux_milliseconds())) }

    /// Looks, if it is time, at sandboxes by the names of their cgroups.
    mutating func look(_ cgroups: () -> [Int: String]) {
        let start = clinux_milliseconds()
        guard start >= next else { return }
        let machine = clinux_machine_written()
        guard !pacing.mayRest(machine: machine < 0 ? nil : machine, at: start) || !held.isEmpty else {
            next = start + Self.rest
            return
        }
        let processor = clinux_processor_microseconds()
        // Before anything is read, which may take its time: nobody stays frozen for that.
        pacing.refill(at: start)
        release()
        let names = cgroups()
        pacing.charge(read(names, since: start), at: clinux_milliseconds())
        for key in pacing.frozen {
            guard let name = names[key] else { continue }
            held[key] = name
            // One that fails, or that somebody lets go on, is told again at the next look.
            clinux_cgroup_freeze(name, 1)
        }
        let spent = (clinux_processor_microseconds() - processor) * Self.part / 1000
        let least = pacing.hasDebtors ? Self.short : Self.interval
        let isWaitedFor = pacing.hasDebtors || !held.isEmpty
        next = clinux_milliseconds() + max(least, isWaitedFor ? min(spent, WritePacing.longest) : spent)
    }

    private mutating func release() {
        let frozen = pacing.frozen
        for (key, name) in held where !frozen.contains(key) {
            let result = clinux_cgroup_freeze(name, 0)
            if result == 0 || result == -ENOENT { held[key] = nil }
        }
    }

    /// What each has written, as far as there is time; who comes first goes round.
    private mutating func read(_ names: [Int: String], since start: Int64) -> [Int: WritePacing.Reading] {
        var readings: [Int: WritePacing.Reading] = names.mapValues { _ in .unread }
        let keys = names.keys.sorted()
        for index in keys.indices {
            let key = keys[(first + index) % keys.count]
            guard clinux_milliseconds() - start < Self.patience, let name = names[key] else {
                first = (first + index) % keys.count
                return readings
            }
            let bytes = clinux_cgroup_written(name, Self.patienceForOne)
            // One without a cgroup has nothing by which it could be stopped.
            readings[key] = bytes >= 0 ? .bytes(bytes) : bytes == -Int64(ETIME) ? .late : nil
        }
        return readings
    }
}
