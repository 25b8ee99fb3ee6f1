import CentralStore
import ControlProtocol
import Core
import GRDB

/// A list that people and scripts read: a fixed query, filtered by equality, in a stable order, bounded.
struct RowQuery: Sendable {
    /// The most rows of one answer; more would not fit a frame.
    static let mostRows: Int64 = 2_000

    /// `SELECT … FROM …` without WHERE.
    let select: String
    /// Columns that may be filtered, as the query names them: the argument's name and the SQL.
    let filters: [String: String]
    let order: String

    /// Takes `limit` (default 200), `where` (an object of texts) and what the caller adds, and runs.
    func run(
        _ call: inout ControlCall,
        _ store: CentralStore,
        also: [(sql: String, value: (any DatabaseValueConvertible & Sendable)?)] = []
    ) async throws -> JSONValue {
        let limit = try call.arguments.integer("limit", 1...Self.mostRows) ?? 200
        let wanted = call.arguments.value("where")?.object ?? [:]
        try call.arguments.finish()
        var conditions: [String] = []
        var values: [DatabaseValue] = []
        for (name, value) in wanted.sorted(by: { $0.key < $1.key }) {
            guard let column = filters[name] else {
                let known = filters.keys.sorted().joined(separator: ", ")
                throw ControlError(.invalidArguments, "there is no filter \"\(name.prefix(40))\": use one of \(known)")
            }
            guard let text = value.string else { throw ControlError(.invalidArguments, "the filter \(name) is a text") }
            conditions.append("CAST(\(column) AS TEXT) = ?")
            values.append(text.databaseValue)
        }
        for (sql, value) in also {
            conditions.append(sql)
            if let value { values.append(value.databaseValue) }
        }
        let condition = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let sql = "\(select)\(condition) ORDER BY \(order) LIMIT \(limit)"
        let arguments = StatementArguments(values)
        return .array(try await store.read { db in try Self.fetch(db, sql, arguments) })
    }

    /// Rows as objects: JSON columns as what they hold, `is_…` and `allows_…` columns as truth values.
    static func fetch(_ db: Database, _ sql: String, _ arguments: StatementArguments = []) throws -> [JSONValue] {
        try Row.fetchAll(db, sql: sql, arguments: arguments).map { row in
            var fields: [String: JSONValue] = [:]
            for (name, value) in row { fields[name] = try Self.value(name, value) }
            return .object(fields)
        }
    }

    private static func value(_ name: String, _ value: DatabaseValue) throws -> JSONValue {
        switch value.storage {
        case .null: .null
        case .int64(let number):
            name.hasPrefix("is_") || name.hasPrefix("allows_") ? .bool(number != 0) : .integer(number)
        case .double(let number): .number(number)
        case .string(let text):
            ["engage_modes", "config", "report", "content"].contains(name)
                ? try JSONText.decode(JSONValue.self, text) : .string(text)
        case .blob(let data): .string("\(data.count) bytes")
        }
    }
}
