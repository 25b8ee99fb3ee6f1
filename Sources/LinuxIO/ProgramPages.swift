import CLinux
import Dispatch
import Glibc

/// The pages of program files that this process has mapped and touched.
package enum ProgramPages {
    private static let queue = DispatchQueue(label: "nanoclaw.pages")

    /// Gives back what is in memory of the program's code and of its libraries, and what the heap holds unused: what is
    /// needed again comes from the page cache, a few microseconds for 64 KiB.
    ///
    /// A start runs through much code that is never run again, and the kernel maps sixteen pages for one that is
    /// touched. Only mappings that nothing can have written to are given back (`madvise(2)`, MADV_DONTNEED).
    package static func release() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            queue.async {
                for mapping in codeMappings() {
                    madvise(UnsafeMutableRawPointer(bitPattern: mapping.start), mapping.length, MADV_DONTNEED)
                }
                clinux_trim_heap()
                continuation.resume()
            }
        }
    }

    private struct Mapping {
        var start: UInt
        var length: Int
    }

    /// Executable and unwritable mappings of files, private: `start-end r-xp offset device inode path`.
    private static func codeMappings() -> [Mapping] {
        let lines = read("/proc/self/maps")?.split(separator: UInt8(ascii: "\n")) ?? []
        return lines.compactMap { line in
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
            guard fields.count == 6, fields[1].elementsEqual("r-xp".utf8), fields[4] != [UInt8(ascii: "0")] else {
                return nil
            }
            let ends = fields[0].split(separator: UInt8(ascii: "-")).map {
                UInt(String(decoding: $0, as: UTF8.self), radix: 16)
            }
            guard ends.count == 2, let start = ends[0], let end = ends[1], end > start else { return nil }
            return Mapping(start: start, length: Int(end - start))
        }
    }

    private static func read(_ path: String) -> [UInt8]? {
        let number = open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return nil }
        let file = Descriptor(owning: number)
        var bytes: [UInt8] = []
        while true {
            guard let chunk = try? file.read(upTo: 1 << 16) else { return nil }
            if chunk.isEmpty { return bytes }
            bytes += chunk
        }
    }
}
