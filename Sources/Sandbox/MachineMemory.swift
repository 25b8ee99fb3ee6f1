import Glibc
import LinuxIO

/// Memory of the whole machine, in bytes.
struct MachineMemory: Sendable, Equatable {
    var total, available: Int

    /// What shall stay available: a sixteenth, at most 256 MiB.
    var reserve: Int { min(total / 16, 256 << 20) }

    /// As /proc/meminfo has it now; nil when that cannot be read.
    static func read() -> MachineMemory? {
        let number = open("/proc/meminfo", O_RDONLY | O_CLOEXEC)
        guard number >= 0, let bytes = try? Descriptor(owning: number).readAll(limit: 1 << 16) else { return nil }
        return MachineMemory(String(decoding: bytes, as: UTF8.self))
    }

    init(total: Int, available: Int) {
        self.total = total
        self.available = available
    }

    /// From the text of that file; nil when it lacks one of the two.
    init?(_ text: String) {
        var values: [Substring: Int] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == ":" })
            if words.count > 1, let value = Int(words[1]) { values[words[0]] = value * 1024 }
        }
        guard let total = values["MemTotal"], let available = values["MemAvailable"] else { return nil }
        self.init(total: total, available: available + (values["SwapFree"] ?? 0))
    }
}
