import ChannelKit
import Core
import Dispatch
import Glibc
import LinuxIO

/// The files that agents sent to chats of this machine: `<folder>/<message id>/<name>`.
struct CLIFiles: Sendable {
    private let folder: String
    /// Copies and fsyncs run here, never on the cooperative pool.
    private let queue = DispatchQueue(label: "nanoclaw.cli.files")

    init(folder: String) { self.folder = folder }

    /// Keeps copies of a message's files; safe to repeat.
    func keep(_ files: [OutboundFile], message: String) async throws -> [CLIEntry.File] {
        guard !files.isEmpty else { return [] }
        guard PathSegment.isIdentifier(message) else {
            throw ChannelError(.rejected, "the message id \(message.prefix(80)) is no name for a folder")
        }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(with: Result { try copy(files, message: message) })
            }
        }
    }

    private func copy(_ files: [OutboundFile], message: String) throws -> [CLIEntry.File] {
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw Errno.last("mkdir \(folder)") }
        let parent = try Directory(path: folder)
        try parent.makeDirectory(message)
        let target = try parent.directory(message)
        var kept: [CLIEntry.File] = []
        for file in files {
            guard PathSegment.isSafe(file.name) else {
                throw ChannelError(.rejected, "\"\(file.name.prefix(80))\" is no name for a file")
            }
            try copy(file, to: target)
            kept.append(CLIEntry.File(name: file.name, size: file.size, path: "\(folder)/\(message)/\(file.name)"))
        }
        try target.descriptor.synchronize()
        try parent.descriptor.synchronize()
        return kept
    }

    private func copy(_ file: OutboundFile, to target: Directory) throws {
        let temporary = ".new"
        unlinkat(target.descriptor.number, temporary, 0)
        let copy = try target.create(temporary)
        // An attempt before this one may have read the descriptor to its end.
        guard lseek(file.descriptor.number, 0, SEEK_SET) == 0 else { throw Errno.last("lseek \(file.name)") }
        var rest = file.size
        while rest > 0 {
            let bytes = try file.descriptor.read(upTo: min(rest, 1 << 20))
            guard !bytes.isEmpty else { throw ChannelError(.rejected, "\(file.name) became shorter while it was sent") }
            try copy.write(bytes)
            rest -= bytes.count
        }
        try copy.synchronize()
        guard renameat(target.descriptor.number, temporary, target.descriptor.number, file.name) == 0 else {
            throw Errno.last("rename \(file.name)")
        }
    }
}
