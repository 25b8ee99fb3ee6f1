import Core

/// Which names an archive may hold, and in which order: nothing leads out of the home or through a link.
package struct EntryRules: Sendable {
    /// The first entry: what the backup is of.
    package static let description = "nanoclaw-backup.json"
    /// What is not in it, and why.
    package static let leftOut = "nanoclaw-left-out.txt"
    /// The SHA-256 of each file, as `sha256sum -c` reads it.
    static let sums = "nanoclaw-sha256sums.txt"
    /// The SHA-256 of all bytes before this entry.
    static let digest = "nanoclaw-backup.sha256"
    /// Names of one path.
    package static let deepest = 60
    private static let longest = 4096

    private var seen: Set<String> = []
    private var directories: Set<String> = []

    /// Nothing has been seen.
    init() {}

    /// Why no entry may have this path; nil when one may.
    package static func refusal(of path: String) -> String? {
        let names = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if path.utf8.count > longest || names.count > deepest { return "its path is too long" }
        for name in names where name.isEmpty || name.count > 255 || name.elementsEqual(".".utf8) {
            return "its path has an odd part"
        }
        if names.contains(where: { $0.elementsEqual("..".utf8) }) { return "its path leads upward" }
        return path.utf8.contains { $0 < 0x20 || $0 == 0x7F } ? "its name has control characters" : nil
    }

    /// Why no link may lead there from here; nil when one may.
    package static func refusal(of target: String, from path: String) -> String? {
        // Only where an agent works: what the host reads by path is never behind a link.
        guard path.hasPrefix("groups/"), path.utf8.count(where: { $0 == UInt8(ascii: "/") }) > 1 else {
            return "a symbolic link"
        }
        let isOdd = target.isEmpty || target.utf8.count > longest || target.utf8.contains { $0 < 0x20 || $0 == 0x7F }
        return isOdd ? "a symbolic link to an odd place" : nil
    }

    /// Takes the next entry; throws for one that must not be there.
    mutating func take(_ entry: ArchiveEntry) throws {
        let path = entry.path
        func refuse(_ reason: String) -> ArchiveError { ArchiveError(.unsafe, "\"\(path.prefix(200))\": \(reason)") }
        if let reason = Self.refusal(of: path) { throw refuse(reason) }
        if case .link(let target) = entry.kind, let reason = Self.refusal(of: target, from: path) {
            throw refuse(reason)
        }
        guard seen.isEmpty == (path == Self.description) else {
            throw refuse("a backup begins with \(Self.description), once")
        }
        guard seen.insert(path).inserted else { throw refuse("it is there twice") }
        if let slash = path.lastIndex(of: "/") {
            guard directories.contains(String(path[..<slash])) else { throw refuse("its folder is not there") }
        } else {
            let isKnown =
                switch entry.kind {
                case .file: ["config.yaml", Self.description, Self.leftOut, Self.sums].contains(path)
                case .directory: ["data", "groups"].contains(path)
                case .link: false
                }
            guard isKnown else { throw refuse("it is no part of a home") }
        }
        if entry.kind == .directory { directories.insert(path) }
    }
}
