/// What a platform counts when it limits the length of a text.
package enum TextUnit: String, Sendable, Codable, CaseIterable {
    case utf16
    case bytes
    case scalars

    /// The length of a text in this unit.
    package func count(_ text: String) -> Int {
        switch self {
        case .utf16: text.utf16.count
        case .bytes: text.utf8.count
        case .scalars: text.unicodeScalars.count
        }
    }
}
