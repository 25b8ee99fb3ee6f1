import SessionStore

/// The first 100 bytes of a database file, checked before SQLite sees any of it.
enum OutboundHeader {
    /// Why the file is none that our runner makes; nil when its header is as it must be.
    static func refusal(of bytes: [UInt8], versions: ClosedRange<Int>) -> String? {
        guard bytes.count >= 512, bytes.count % SessionLimits.pageSize == 0 else {
            return "its size, \(bytes.count), is no whole number of pages"
        }
        func number(_ place: Int, _ length: Int) -> Int {
            bytes[place..<place + length].reduce(0) { $0 << 8 | Int($1) }
        }
        guard bytes.starts(with: Array("SQLite format 3\0".utf8)) else { return "it is no SQLite database" }
        let fields: [(name: String, place: Int, length: Int, wanted: ClosedRange<Int>)] = [
            ("page size", 16, 2, SessionLimits.pageSize...SessionLimits.pageSize),
            ("write version", 18, 1, 1...1),
            ("read version", 19, 1, 1...1),
            ("reserved bytes", 20, 1, 0...0),
            ("maximum payload", 21, 1, 64...64),
            ("minimum payload", 22, 1, 32...32),
            ("leaf payload", 23, 1, 32...32),
            ("page count", 28, 4, bytes.count / SessionLimits.pageSize...bytes.count / SessionLimits.pageSize),
            ("schema format", 44, 4, 4...4),
            ("text encoding", 56, 4, 1...1),
            ("schema version", 60, 4, versions),
            ("incremental vacuum", 64, 4, 0...0),
        ]
        for field in fields where !field.wanted.contains(number(field.place, field.length)) {
            return "its \(field.name) is \(number(field.place, field.length))"
        }
        return nil
    }
}
