import Foundation
import GRDB
import Migrations
import Testing

@testable import CentralStore

@Suite struct `The database page` {
    static let page = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/database.md")

    /// `database.table.column: type` of every column that the page tells of.
    func documented() throws -> [String] {
        var table = ""
        var columns: [String] = []
        for line in try String(contentsOf: Self.page, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("### ") {
                table = String(line.dropFirst(4))
            } else if line.hasPrefix("| `"), !table.isEmpty {
                let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
                let type = cells[1].split(separator: ",").first ?? ""
                columns.append("\(table).\(cells[0].trimmingCharacters(in: ["`"])): \(type)")
                #expect(cells.count == 3 && cells[2].count > 1, "\(line)")
            }
        }
        return columns.sorted()
    }

    @Test func `it names every table and column of all databases with its type, and no other`() throws {
        var columns: [String] = []
        let databases = [
            ("central", MigrationFile.central), ("inbound", MigrationFile.inbound),
            ("outbound", MigrationFile.outbound), ("traces", MigrationFile.traces),
        ]
        for (name, migrations) in databases {
            let queue = try DatabaseQueue()
            if ["central", "traces"].contains(name) {
                try Migrator(migrations).migrate(queue, now: now)
            } else {
                try queue.write { db in for migration in migrations { try db.execute(sql: migration.sql) } }
            }
            columns += try queue.read { db in
                try String.fetchAll(
                    db,
                    sql: """
                        SELECT t.name || '.' || c.name || ': ' || c.type FROM sqlite_schema t, pragma_table_info(t.name) c
                        WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'
                        """
                ).map { "\(name).\($0)" }
            }
        }
        #expect(columns.count > 150)
        #expect(try documented() == columns.sorted())
    }
}
