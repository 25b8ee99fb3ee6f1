import CentralStore
import Core
import Foundation
import GRDB
import LinuxIO
package import People
import SessionStore
import SessionStoreHost

/// A piece of an export on its way to the client.
package struct ExportFrame: Encodable, Sendable {
    /// The file in the export that the bytes belong to the end of; its components are safe names.
    package var path: String?
    /// Base 64.
    package var data: String?
    /// What has been exported, or stays and why.
    package var item: PersonalItem?
}

extension PersonalData {
    /// The most bytes of one frame: in base 64 they fit a line of the protocol.
    private static let chunk = 256 << 10

    typealias Emit = @Sendable (ExportFrame) async throws -> Void

    /// Hands out what is kept of the person, then says what is not in it.
    func export(_ user: UserID, _ emit: @escaping Emit) async throws {
        let subject = try await subject(user)
        let (parts, unreadable) = try await parts(of: subject)
        try await exportRecords(subject, emit)
        for part in parts { try await export(part, subject, emit) }
        for (path, bytes) in try await memory(subject, parts) {
            try await send(bytes, as: path, emit)
            try await emit(ExportFrame(item: PersonalItem(.memory, path, count: 1, .exported)))
        }
        for item in try await unreadable + audit(subject) + remains(parts) { try await emit(ExportFrame(item: item)) }
    }

    private func exportRecords(_ subject: Subject, _ emit: Emit) async throws {
        let tables = try await central.read { db in
            var tables: [String: JSONValue] = [:]
            for source in Self.records {
                var rows: [JSONValue] = []
                for handle in subject.handles {
                    rows += try RowQuery.fetch(
                        db,
                        "SELECT * FROM \(source.table) WHERE \(source.column) = ?",
                        [handle]
                    )
                }
                if !rows.isEmpty { tables[source.table] = .array(rows) }
            }
            return tables
        }
        try await send(Array(try JSONText.encode(JSONValue.object(tables)).utf8), as: "records.json", emit)
        for (table, rows) in tables.sorted(by: { $0.key < $1.key }) {
            let kind = Self.records.first { $0.table == table }?.kind ?? .records
            try await emit(
                ExportFrame(item: PersonalItem(kind, "nanoclaw.db \(table)", count: rows.array?.count, .exported))
            )
        }
    }

    private func export(_ part: Part, _ subject: Subject, _ emit: Emit) async throws {
        let files = SessionPerson(folder: SessionFolder(path: "\(home)/\(part.place)"))
        let isWhole = part.share == .own
        let senders = isWhole ? nil : subject.ids
        let folder = "sessions/\(part.group.folder)/\(part.session)"
        var last: Int64 = 0
        var count = 0
        while true {
            let lines = try await executors.run { [last] in try files.lines(after: last, of: senders, limit: 200) }
            guard let end = lines.last else { break }
            last = end.seq
            count += lines.count
            try await send(Array(lines.map { $0.json + "\n" }.joined().utf8), as: "\(folder)/messages.jsonl", emit)
        }
        try await emit(ExportFrame(item: PersonalItem(.messages, part.place, count: count, .exported)))
        let found = try await executors.run {
            try files.files(of: isWhole ? nil : files.messages(of: subject.ids))
        }
        for (kind, isOfKind) in [
            (PersonalItem.Kind.files, { !$0.path.hasPrefix("state/") }),
            (.transcripts, { $0.path.hasPrefix("state/") }),
        ] as [(PersonalItem.Kind, (SessionPerson.File) -> Bool)] {
            let ofKind = found.filter(isOfKind)
            for file in ofKind {
                // What a runner removes meanwhile is not there any more.
                guard let open = try? await executors.run({ try files.open(file) }) else { continue }
                try await send(open, as: "\(folder)/\(file.path)", emit)
            }
            guard !ofKind.isEmpty else { continue }
            try await emit(ExportFrame(item: PersonalItem(kind, part.place, count: ofKind.count, .exported)))
        }
    }

    private func send(_ bytes: [UInt8], as path: String, _ emit: Emit) async throws {
        var rest = bytes[...]
        repeat {
            let next = rest.prefix(Self.chunk)
            rest = rest.dropFirst(Self.chunk)
            try await emit(ExportFrame(path: path, data: Data(next).base64EncodedString()))
        } while !rest.isEmpty
    }

    private func send(_ file: Descriptor, as path: String, _ emit: Emit) async throws {
        var isFirst = true
        while true {
            let bytes = try await executors.run { try file.read(upTo: Self.chunk) }
            guard !bytes.isEmpty || isFirst else { return }
            isFirst = false
            try await emit(ExportFrame(path: path, data: Data(bytes).base64EncodedString()))
            if bytes.isEmpty { return }
        }
    }
}
