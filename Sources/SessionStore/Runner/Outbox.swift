import Core
import Glibc
import LinuxIO

/// The runner's side of `outbox/`: files for messages, and the heartbeat beside it.
struct Outbox {
    /// The directory that holds `outbound.db`.
    let directory: String

    func stage(
        _ message: MessageID,
        _ name: String,
        _ bytes: [UInt8],
        fileLimit: Int,
        messageLimit: Int
    ) throws -> String {
        guard PathSegment.isSafe(name), name.utf8.count <= 200 else {
            throw StoreError(
                .invalid,
                "\"\(name.prefix(80))\" is no file name: up to 200 bytes, no /, \\ or control characters"
            )
        }
        guard bytes.count <= fileLimit else {
            throw StoreError(.tooLarge, "\(name) has \(bytes.count) bytes, more than the \(fileLimit) a file may have")
        }
        do {
            let root = try Directory(path: directory)
            try root.makeDirectory("outbox")
            let outbox = try root.directory("outbox")
            try outbox.makeDirectory(message.rawValue)
            let folder = try outbox.directory(message.rawValue)
            let present = try folder.names(limit: SessionLimits.filesPerMessage + 1).filter { !$0.hasPrefix(".") }
            guard present.count < SessionLimits.filesPerMessage else {
                throw StoreError(.tooLarge, "a message takes \(SessionLimits.filesPerMessage) files at most")
            }
            let sum = try present.reduce(bytes.count) { try $0 + Int(folder.status($1)?.st_size ?? 0) }
            guard sum <= messageLimit else {
                throw StoreError(
                    .tooLarge,
                    "the message's files have \(sum) bytes, more than the \(messageLimit) allowed"
                )
            }
            let free = FileName.free(name, among: Set(present))
            try folder.replace(free, with: bytes)
            try outbox.descriptor.synchronize()
            try root.descriptor.synchronize()
            crashPoint("outbox.staged")
            return free
        } catch let error as Errno {
            let code: StoreError.Code =
                switch error.code {
                case ENOSPC, EDQUOT: .diskFull
                case EIO: .inputOutput
                default: .files
                }
            throw StoreError(code, "outbox/\(message)/\(name): \(error)", cause: error)
        }
    }

    func touchHeartbeat() throws {
        do {
            let file = try Directory(path: directory).open(".heartbeat", O_WRONLY | O_CREAT, mode: 0o600)
            guard futimens(file.number, nil) == 0 else { throw Errno.last("futimens .heartbeat") }
        } catch let error as Errno {
            throw StoreError(.files, "\(error)", cause: error)
        }
    }
}
