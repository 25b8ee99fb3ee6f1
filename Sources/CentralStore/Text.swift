import Core

/// Rules for names that people type.
enum Text {
    /// Refuses an empty or long text, and one with control characters.
    static func check(_ key: String, _ text: String, limit: Int) throws {
        let printable = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard !text.isEmpty, text.utf8.count <= limit, printable else {
            throw StoreError(.invalid, "\(key): needs 1 to \(limit) bytes of text without control characters")
        }
    }

    /// `name`, or `name-2`, `name-3`, … : the first that is not taken.
    static func unique(_ name: String, taken: (String) throws -> Bool) rethrows -> String {
        guard try taken(name) else { return name }
        var number = 2
        while try taken("\(name)-\(number)") { number += 1 }
        return "\(name)-\(number)"
    }
}
