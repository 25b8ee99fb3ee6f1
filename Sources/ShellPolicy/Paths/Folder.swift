/// An absolute path without `.`, `..` and empty names.
struct Folder: Hashable {
    let names: [[UInt8]]

    init(names: [[UInt8]]) { self.names = names }

    /// Nil unless the text is an absolute path without `..`.
    init?(_ path: String) {
        guard path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(0) else { return nil }
        let names = Array(path.utf8).split(separator: UInt8(ascii: "/")).map(Array.init)
            .filter { $0 != Array(".".utf8) }
        guard !names.contains(Array("..".utf8)) else { return nil }
        self.names = names
    }

    var isRoot: Bool { names.isEmpty }

    /// Whether it is `other` or stands below it.
    func isWithin(_ other: Folder) -> Bool { names.starts(with: other.names) }
}
