import Core
import Dispatch
import Glibc
package import LinuxIO

/// Files on their way in: each is streamed to a file of its own, which the session's store copies and which goes when the
/// message is taken or dropped.
package struct MediaFolder: Sendable {
    /// Absolute; no sandbox can write there.
    package let path: String
    /// The largest file in bytes.
    package let largest: Int
    private let queue = DispatchQueue(label: "nanoclaw.media")

    /// A folder that exists, mode 0700; what an earlier life left in it is removed by ``clear()``.
    package init(path: String, largest: Int) {
        self.path = path
        self.largest = largest
    }

    /// One file while its message is handed over.
    package struct File: Sendable {
        /// Absolute.
        package let path: String
        package let descriptor: Descriptor
    }

    /// A new empty file, open for writing and reading, named by chance.
    package func make() async throws -> File {
        try await onQueue {
            let name = "\(path)/\(UInt64.random(in: 0 ... .max))"
            let number = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard number >= 0 else { throw Errno.last("open \(name)") }
            return File(path: name, descriptor: Descriptor(owning: number))
        }
    }

    /// A new file with these bytes, for what a platform hands over whole.
    package func make(_ bytes: [UInt8]) async throws -> File {
        let file = try await make()
        try await onQueue { try file.descriptor.write(bytes) }
        return file
    }

    /// Removes the files that a message brought; those of no file are passed over.
    package func remove(_ files: [InboundFile]) async {
        let paths = files.compactMap { file -> String? in
            guard case .file(let path) = file.source, path.hasPrefix(self.path + "/") else { return nil }
            return path
        }
        await remove(paths: paths)
    }

    /// Removes files of this folder.
    package func remove(paths: [String]) async {
        guard !paths.isEmpty else { return }
        try? await onQueue { for path in paths { unlink(path) } }
    }

    /// Removes whatever an earlier life of the host left.
    package func clear() async throws {
        try await onQueue {
            let directory = try Directory(path: path)
            for name in try directory.names() { unlinkat(directory.descriptor.number, name, 0) }
        }
    }

    private func onQueue<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result { try body() }) }
        }
    }
}
