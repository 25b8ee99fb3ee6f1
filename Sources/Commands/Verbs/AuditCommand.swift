import ArgumentParser
import CentralStore
import ControlProtocol
import Core
import GRDB

/// `nanoclaw audit …`: needs no host; reads the home's files.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Who decided what about rights: an append-only log in which each entry seals those before it.",
        subcommands: [List.self, Verify.self, Export.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the last entries.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Option(name: [.customShort("n"), .long], help: "How many.") var limit = 50
        @Option(help: "Only this event, such as approved or role-granted.") var event: String?
        @Option(help: "Only what this person did, or what was done to them: <channel>:<id>.") var user: String?

        func validate() throws {
            guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes 1 to 10000") }
        }

        func run() async throws {
            let (limit, event, user) = (limit, event, user)
            let entries = try await AuditCommand.reading(home) { db in
                try AuditEntry.fetchAll(
                    db,
                    sql: """
                        SELECT * FROM audit WHERE (?1 IS NULL OR event = ?1) AND (?2 IS NULL OR ?2 IN (user_id, subject))
                        ORDER BY position DESC LIMIT ?3
                        """,
                    arguments: [event, user, limit]
                )
            }
            try output.print(
                .array(try entries.reversed().map { try JSONValue(encoding: $0) }),
                as: Table("position", "at", "event", "user_id", "subject", "agent_group_id", "approval_id", "detail")
            )
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read every entry: is each as it was written, and is none missing? Exit status 1 when not."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let found = try await AuditVerification.run(home: try AuditCommand.place(home))
            let answer: JSONValue = [
                "entries": .integer(found.count), "hash": .string(found.hash),
                "fault": found.fault.map { .string($0) } ?? .null,
            ]
            if found.fault == nil || output.json {
                try output.print(
                    answer,
                    said: "\(found.count) entries, all as they were written; the last is \(found.hash)"
                )
            }
            if let fault = found.fault {
                throw CommandFailure(
                    .failed,
                    "\(fault); the \(found.count) entries before that are as they were written"
                )
            }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write every entry as one line of JSON, with its hash; docs/database.md says how to check one."
        )
        @OptionGroup var home: HomeOptions

        func run() async throws {
            try await AuditCommand.reading(home) { db in
                let entries = try AuditEntry.order(AuditEntry.CodingKeys.position).fetchCursor(db)
                while let entry = try entries.next() { Console.out(try JSONText.encode(entry)) }
            }
        }
    }

    private static func reading<Value: Sendable>(
        _ home: HomeOptions,
        _ body: @Sendable (Database) throws -> Value
    ) async throws -> Value {
        let store = try CentralStore(readingHome: try place(home))
        defer { try? store.close() }
        return try await store.read(body)
    }

    /// The home's folder, which has a database.
    private static func place(_ home: HomeOptions) throws -> String {
        let home = try home.resolved()
        guard CentralStore.exists(home: home) else {
            throw CommandFailure(.failed, "\(home) has no data/nanoclaw.db: no host has run there")
        }
        return home
    }
}
