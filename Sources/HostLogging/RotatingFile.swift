import Glibc
package import LinuxIO
import Synchronization

/// A file that is put aside when it is full: `name`, `name.1`, and so on; past a number of files the oldest goes.
///
/// The whole never takes more than files × size, plus one write.
package final class RotatingFile: Sendable {
    private struct State {
        var file: Descriptor?
        var size = 0
    }

    private let directory: Directory
    private let name: String
    private let size: Int
    private let files: Int
    private let state = Mutex(State())

    /// Appends to `name` in the directory; puts the file aside after `size` bytes and keeps `files` of them, this one
    /// included.
    package init(in directory: Directory, name: String, size: Int, files: Int) {
        self.directory = directory
        self.name = name
        self.size = max(1, size)
        self.files = max(1, files)
    }

    /// Appends bytes that belong together; says false when they could not be written, as on a full disk.
    @discardableResult
    package func append(_ bytes: [UInt8]) -> Bool {
        state.withLock { state in
            do {
                var file = try state.file ?? open(&state)
                if state.size > 0, state.size + bytes.count > size {
                    try rotate()
                    file = try open(&state)
                }
                try write(bytes, to: file, at: state.size)
                state.size += bytes.count
                return true
            } catch {
                // There is nowhere left to say it; the next write opens the file anew.
                state.file = nil
                return false
            }
        }
    }

    private func write(_ bytes: [UInt8], to file: Descriptor, at size: Int) throws {
        do { try file.write(bytes) } catch {
            // Half a line would spoil the next one.
            _ = ftruncate(file.number, off_t(size))
            throw error
        }
    }

    private func open(_ state: inout State) throws -> Descriptor {
        let file = try directory.open(name, O_WRONLY | O_APPEND | O_CREAT, mode: 0o600)
        state.size = Int(try file.status().st_size)
        state.file = file
        return file
    }

    private func rotate() throws {
        let number = directory.descriptor.number
        if files == 1 {
            unlinkat(number, name, 0)
            return
        }
        for index in stride(from: files - 2, through: 1, by: -1) {
            renameat(number, "\(name).\(index)", number, "\(name).\(index + 1)")
        }
        guard renameat(number, name, number, "\(name).1") == 0 else { throw Errno.last("rename \(name)") }
    }
}
