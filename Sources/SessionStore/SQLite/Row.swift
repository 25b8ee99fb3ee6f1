import CSQLite
package import Core

/// The row that a statement stands on; valid only until the statement moves on.
package struct Row {
    private let statement: OpaquePointer

    init(_ statement: OpaquePointer) { self.statement = statement }

    /// SQLite's type of a column: `SQLITE_INTEGER`, `SQLITE_TEXT`, `SQLITE_BLOB`, `SQLITE_FLOAT` or `SQLITE_NULL`.
    package func type(_ column: Int32) -> Int32 { sqlite3_column_type(statement, column) }

    /// The column as an integer; 0 for NULL.
    package func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

    /// The column as an integer, or nil for NULL.
    package func optionalInteger(_ column: Int32) -> Int64? {
        type(column) == SQLITE_NULL ? nil : integer(column)
    }

    /// The column's bytes as they stand, of text or blob; empty for NULL.
    ///
    /// Nothing is converted or checked.
    package func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(statement, column) else { return [] }
        let count = Int(sqlite3_column_bytes(statement, column))
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// How many bytes a text or blob column has.
    package func byteCount(_ column: Int32) -> Int { Int(sqlite3_column_bytes(statement, column)) }

    /// The column as text; empty for NULL.
    ///
    /// For databases of our own: bad UTF-8 is repaired.
    package func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    /// The column as text, or nil for NULL.
    package func optionalText(_ column: Int32) -> String? { type(column) == SQLITE_NULL ? nil : text(column) }

    /// The column as a point of time, or nil for NULL.
    package func optionalTime(_ column: Int32) -> Timestamp? {
        optionalInteger(column).map(Timestamp.init(milliseconds:))
    }

    /// The column as a point of time.
    package func time(_ column: Int32) -> Timestamp { Timestamp(milliseconds: integer(column)) }

    /// Three columns from this one on as a chat's address: channel, platform id, thread; nil when there is none.
    package func address(_ column: Int32) -> ChatAddress? {
        guard let channel = optionalText(column), let platformID = optionalText(column + 1) else { return nil }
        return ChatAddress(channel: channel, platformID: platformID, thread: optionalText(column + 2))
    }
}
