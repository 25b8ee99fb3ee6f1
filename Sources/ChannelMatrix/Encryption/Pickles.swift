import FoundationEssentials
import GRDB

extension [UInt8] {
    /// As GRDB binds bytes.
    var data: Data { Data(self) }

    /// The bytes in the first column of the first row; nil without a row.
    static func fetchPickle(_ db: Database, sql: String, arguments: StatementArguments = []) throws -> [UInt8]? {
        try Data.fetchOne(db, sql: sql, arguments: arguments).map { [UInt8]($0) }
    }
}

extension Row {
    /// The bytes of a column.
    func bytes(_ column: String) -> [UInt8] {
        let data: Data = self[column]
        return [UInt8](data)
    }
}
