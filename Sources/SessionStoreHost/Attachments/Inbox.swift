import Core
import Glibc
import LinuxIO
import SessionStore

/// Puts the files of an incoming message into `inbox/<message id>/`.
struct Inbox {
    let folder: SessionFolder
    let owner: FileOwner?
    let limits: AttachmentLimits
    let now: Timestamp

    /// Stages the files under a temporary name and moves their folder into place whole, durable when it returns.
    ///
    /// Answers what the message's content says of each: its place, or why it is not there.
    func stage(_ files: [NewAttachment], for message: MessageID) throws -> [ChatContent.Attachment] {
        guard PathSegment.isIdentifier(message.rawValue) else {
            throw StoreError(.invalid, "\"\(message.rawValue.prefix(80))\" is no message id: no file is written")
        }
        do {
            let inbound = try Directory(path: folder.inbound)
            let inbox = try inbound.directory("inbox")
            guard try inbox.status(message.rawValue) == nil else {
                throw StoreError(.files, "inbox/\(message.rawValue) is there already: no file is written")
            }
            let temporary = ".\(message.rawValue).new"
            try inbox.remove(temporary)
            try HostSession.make(temporary, in: inbox, owner: owner)
            do {
                let stored = try fill(try inbox.directory(temporary), files, for: message)
                guard stored.contains(where: { $0.path != nil }) else {
                    try inbox.remove(temporary)
                    return stored
                }
                crashPoint("inbox.written")
                let number = inbox.descriptor.number
                guard renameat(number, temporary, number, message.rawValue) == 0 else {
                    throw Errno.last("rename \(temporary)")
                }
                try inbox.descriptor.synchronize()
                crashPoint("inbox.placed")
                return stored
            } catch {
                try? inbox.remove(temporary)
                throw error
            }
        } catch let error as Errno {
            throw StoreError(files: error, "store the files of \(message.rawValue)")
        }
    }

    private func fill(
        _ directory: Directory,
        _ files: [NewAttachment],
        for message: MessageID
    ) throws -> [ChatContent.Attachment] {
        var taken: Set<String> = []
        var room = limits.message
        let stored = try files.map { file in
            let name = FileName.free(AttachmentName.of(file, at: now), among: taken)
            var entry = ChatContent.Attachment(type: file.type, name: name, mediaType: file.mediaType)
            guard taken.count < SessionLimits.filesPerMessage else {
                entry.note = "not stored: a message takes \(SessionLimits.filesPerMessage) files at most"
                return entry
            }
            switch try put(file.source, as: name, in: directory, room: room) {
            case .stored(let size):
                taken.insert(name)
                room -= size
                entry.size = size
                entry.path = "inbox/\(message.rawValue)/\(name)"
            case .refused(let reason, let size):
                entry.size = size
                entry.note = "not stored: \(reason)"
            }
            return entry
        }
        try directory.descriptor.synchronize()
        return stored
    }

    private enum Put {
        case stored(Int)
        case refused(String, size: Int?)
    }

    private func put(_ source: NewAttachment.Source, as name: String, in directory: Directory, room: Int) throws -> Put
    {
        switch source {
        case .bytes(let bytes):
            if let reason = refusal(bytes.count, room: room) { return .refused(reason, size: bytes.count) }
            try write(name, in: directory) { try $0.write(bytes) }
            return .stored(bytes.count)
        case .file(let path):
            let number = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
            guard number >= 0 else {
                let error = Errno.last("open a file of a message")
                // It is there, and can be read when this has passed: the message comes again.
                if [EIO, EMFILE, ENFILE, ENOMEM].contains(error.code) { throw error }
                return .refused("the file cannot be read (errno \(error.code))", size: nil)
            }
            return try put(Descriptor(owning: number), as: name, in: directory, room: room)
        case .open(let original): return try put(original, as: name, in: directory, room: room)
        }
    }

    private func put(_ original: Descriptor, as name: String, in directory: Directory, room: Int) throws -> Put {
        let status = try original.status()
        guard status.st_mode & S_IFMT == S_IFREG else { return .refused("it is no regular file", size: nil) }
        let size = Int(status.st_size)
        if let reason = refusal(size, room: room) { return .refused(reason, size: size) }
        var copied = 0
        try write(name, in: directory) { copy in
            while copied < size {
                let part = try original.read(upTo: min(size - copied, 1 << 20))
                if part.isEmpty { break }
                try copy.write(part)
                copied += part.count
            }
        }
        return .stored(copied)
    }

    private func refusal(_ size: Int, room: Int) -> String? {
        if size > limits.file { return "\(size) bytes are more than the \(limits.file) that a file may have" }
        if size > room { return "the files of one message may have \(limits.message) bytes together" }
        return nil
    }

    private func write(_ name: String, in directory: Directory, _ body: (Descriptor) throws -> Void) throws {
        let file = try directory.create(name)
        try body(file)
        if let owner, fchown(file.number, owner.uid, owner.gid) != 0 { throw Errno.last("chown \(name)") }
        try file.synchronize()
    }
}
