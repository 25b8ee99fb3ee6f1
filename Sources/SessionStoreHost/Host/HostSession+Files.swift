package import Core
import Glibc
import LinuxIO
import SessionStore

extension HostSession {
    // MARK: - Outgoing files

    /// Opens a file that the runner staged for a message: regular, with one link, no larger than a file may be.
    /// - Throws: `.invalid` for a name that is no single path component, `.tooLarge`, or `.files` when no such file is
    ///   there; the message's text can be sent without it.
    package func openOutboxFile(message: MessageID, name: String) throws -> OutboxFile {
        guard PathSegment.isIdentifier(message.rawValue), PathSegment.isSafe(name) else {
            throw StoreError(.invalid, "\"\(name.prefix(80))\" is no file name: no /, \\ or control characters")
        }
        do {
            let directory = try Directory(path: folder.path).directory("outbound/outbox/\(message.rawValue)")
            let file = try directory.file(name, limit: attachmentLimits.file)
            return OutboxFile(descriptor: file, size: Int(try file.status().st_size), name: name)
        } catch let error as Errno where error.code == EFBIG {
            throw StoreError(.tooLarge, "outbox: \(error)", cause: error)
        } catch let error as Errno {
            throw StoreError(files: error, "outbox/\(message.rawValue)")
        }
    }

    // MARK: - Recovery

    /// Undoes what a host that died left half done in `inbound.db`; before any spawn.
    package func rollBackHotInbound() async throws {
        // The lock for writing makes SQLite look for a journal of a dead writer, and roll it back.
        try await transaction { _ in }
    }

    /// True when a dead runner left `outbound.db` in the middle of a transaction.
    ///
    /// Ask only once it is proven dead.
    package func needsRecovery() async throws -> Bool {
        await enter()
        defer { leave() }
        do {
            return try reader.isHot()
        } catch let error as Errno {
            throw StoreError(files: error, "look at outbound.db")
        }
    }

    /// Puts the whole `outbound/` aside for people to look at, and makes a new one whose numbers go on above all that
    /// is known.
    ///
    /// Only with the runner proven dead. The last three are kept.
    package func setAsideOutbound() async throws {
        await enter()
        defer { leave() }
        try await heldTransaction { database in
            try setMeta("recorded_through", try floor(in: database), in: database)
        }
        reader.close()
        backlog = OutboundBacklog(highestSeq: backlog.highestSeq)
        do {
            let root = try Directory(path: folder.path)
            let prefix = "outbound.aside-"
            let number = root.descriptor.number
            if try root.status("outbound") != nil {
                let name = "\(prefix)\(time.now.milliseconds)"
                guard renameat(number, "outbound", number, FileName.free(name, among: Set(try root.names()))) == 0
                else {
                    throw Errno.last("rename outbound")
                }
                crashPoint("aside.renamed")
            }
            for old in try root.names().filter({ $0.hasPrefix(prefix) }).dropLast(3) { try root.remove(old) }
        } catch let error as Errno {
            throw StoreError(files: error, "set outbound/ aside")
        }
        try Self.create(folder, owner: owner)
    }

    /// Starts the conversation anew: its rows, files, transcript and continuation go.
    ///
    /// The numbers go on, and an event that came before is still known for a repeat. Only with the runner proven dead
    /// and the last drain done.
    package func reset() async throws {
        try await setAsideOutbound()
        try await transaction { database in
            for table in ["messages_in", "deliveries"] { try database.run("DELETE FROM \(table)") }
        }
        do {
            let root = try Directory(path: folder.path)
            for name in try root.names() where name.hasPrefix("outbound.aside-") { try root.remove(name) }
            for name in ["inbound/inbox", "state"] {
                let directory = try root.directory(name)
                for entry in try directory.names() { try directory.remove(entry) }
            }
        } catch let error as Errno {
            throw StoreError(files: error, "reset \(folder.path)")
        }
    }
}
