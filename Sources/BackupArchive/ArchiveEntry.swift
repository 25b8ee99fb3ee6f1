package import Core

/// What is wrong with a backup's file, in words for the person at the terminal.
package typealias ArchiveError = CodedError<ArchiveFailure>

/// The kinds of ``ArchiveError``.
package enum ArchiveFailure: Sendable, Hashable {
    /// The bytes are not the ones that were written, or never were a backup.
    case damaged
    /// It is whole and holds something that no backup of ours holds.
    case unsafe
    /// A file cannot be read or written.
    case files
}

/// One entry of a backup: a tar file of POSIX.1-2001 whose every byte follows from this value.
package struct ArchiveEntry: Sendable, Hashable {
    /// What stands under the name.
    package enum Kind: Sendable, Hashable {
        case file, directory
        /// A symbolic link and where it leads.
        case link(String)
    }

    /// Below the home, without a slash at either end.
    package var path: String
    package var kind: Kind
    /// Permission bits.
    package var mode: UInt32
    /// Seconds since 1970, within what 33 bits hold.
    package var modified: Int64
    /// Bytes of a file; 0 for what is none.
    package var size: Int

    /// An entry; bits and times beyond what the format holds are left out.
    package init(path: String, kind: Kind, mode: UInt32, modified: Int64, size: Int = 0) {
        self.path = path
        self.kind = kind
        self.mode = mode & 0o777
        self.modified = max(0, min(modified, 0o77_777_777_777))
        self.size = size
    }
}

/// How an entry stands in the file.
extension ArchiveEntry {
    static let block = 512
    /// Bytes of a name that fit the header itself; a longer one has a record of its own before it.
    private static let nameLength = 100
    /// Bytes of all records of one entry.
    private static let recordsLength = 16 * 1024

    /// Zeros that bring so many bytes to whole blocks.
    static func padding(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: (block - count % block) % block) }

    /// The blocks before the contents; as many for every size.
    func header() -> [UInt8] {
        var target: [UInt8] = []
        var type = UInt8(ascii: "0")
        var name = Array(path.utf8)
        switch kind {
        case .file: break
        case .directory:
            type = UInt8(ascii: "5")
            name.append(UInt8(ascii: "/"))
        case .link(let text):
            type = UInt8(ascii: "2")
            target = Array(text.utf8)
        }
        var records: [UInt8] = []
        if name.count > Self.nameLength { records += Self.record("path", name) }
        if target.count > Self.nameLength { records += Self.record("linkpath", target) }
        let own = Self.header(name, target, type, mode, modified, size)
        guard !records.isEmpty else { return own }
        let outer = Self.header(Array("long-name".utf8), [], UInt8(ascii: "x"), 0o600, 0, records.count)
        return outer + records + Self.padding(records.count) + own
    }

    /// Reads the blocks before an entry's contents; `take` gives the next so many bytes.
    init(reading take: (Int) throws -> [UInt8]) throws {
        var raw = try take(Self.block)
        var header = raw
        var records: [UInt8] = []
        if raw[156] == UInt8(ascii: "x") {
            guard let size = Self.number(raw[124..<136]), (1...Self.recordsLength).contains(size) else {
                throw ArchiveError(.damaged, "the header of a long name is damaged")
            }
            records = Array(try take(size + Self.padding(size).count))
            raw += records
            records.removeLast(records.count - size)
            header = try take(Self.block)
            raw += header
        }
        guard let (path, target) = Self.names(header, records), let mode = Self.number(header[100..<108]),
            let size = Self.number(header[124..<136]), let modified = Self.number(header[136..<148])
        else { throw ArchiveError(.damaged, "a header is damaged") }
        let kind: Kind? =
            switch header[156] {
            case UInt8(ascii: "0"): .file
            case UInt8(ascii: "5"): path.hasSuffix("/") ? .directory : nil
            case UInt8(ascii: "2"): .link(target)
            default: nil
            }
        guard let kind else { throw ArchiveError(.unsafe, "an entry is no file, folder or symbolic link") }
        self.init(
            path: kind == .directory ? String(path.dropLast()) : path,
            kind: kind,
            mode: UInt32(truncatingIfNeeded: mode),
            modified: Int64(modified),
            size: size
        )
        // Whatever else could be said in other bytes, or beside these, was not written by us.
        guard self.header() == raw, kind == .file || size == 0 else {
            throw ArchiveError(.damaged, "a header is damaged, or of another program")
        }
    }

    private static func header(
        _ name: [UInt8],
        _ target: [UInt8],
        _ type: UInt8,
        _ mode: UInt32,
        _ modified: Int64,
        _ size: Int
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        func put(_ field: [UInt8], _ length: Int) {
            let cut = field.prefix(length)
            bytes += cut + [UInt8](repeating: 0, count: length - cut.count)
        }
        put(name, nameLength)
        for number in [Int(mode), 0, 0] { put(octal(number, 7), 8) }
        // What eleven octal digits do not hold stands in base 256, as GNU tar has it.
        let large = [0x80, 0, 0, 0] + (0..<8).map { UInt8(truncatingIfNeeded: size >> (56 - 8 * $0)) }
        put(size < 1 << 33 ? octal(size, 11) : large, 12)
        put(octal(Int(modified), 11), 12)
        put(Array("        ".utf8), 8)
        put([type], 1)
        put(target, nameLength)
        put(Array("ustar\u{0}00".utf8), 8)
        put([], 64)
        for _ in 0..<2 { put(octal(0, 7), 8) }
        put([], 167)
        let sum = bytes.reduce(0) { $0 + Int($1) }
        bytes.replaceSubrange(148..<156, with: octal(sum, 6) + [0, UInt8(ascii: " ")])
        return bytes
    }

    private static func octal(_ number: Int, _ digits: Int) -> [UInt8] {
        let text = String(number, radix: 8)
        return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
    }

    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        if field.first == 0x80 {
            guard field.dropFirst().prefix(3).allSatisfy({ $0 == 0 }), (field.dropFirst(4).first ?? 0x80) < 0x80 else {
                return nil
            }
            return field.suffix(8).reduce(0) { $0 << 8 | Int($1) }
        }
        return Int(String(decoding: field.prefix { $0 != 0 }, as: UTF8.self), radix: 8).flatMap { $0 < 0 ? nil : $0 }
    }

    /// `LENGTH key=value` and a line feed; the length counts itself.
    private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let rest = Array(" \(key)=".utf8) + value + [UInt8(ascii: "\n")]
        var length = rest.count
        while length != rest.count + String(length).utf8.count { length = rest.count + String(length).utf8.count }
        return Array(String(length).utf8) + rest
    }

    /// Name and target of a header, or of the records before it; nil for what is no UTF-8.
    private static func names(_ header: [UInt8], _ records: [UInt8]) -> (String, String)? {
        var name = Array(header[0..<nameLength].prefix { $0 != 0 })
        var target = Array(header[157..<157 + nameLength].prefix { $0 != 0 })
        var rest = records[...]
        while !rest.isEmpty {
            guard let length = Int(String(decoding: rest.prefix(8).prefix { $0 != 0x20 }, as: UTF8.self)), length > 0,
                length <= rest.count, let equals = rest.prefix(length).dropLast().firstIndex(of: UInt8(ascii: "="))
            else { return nil }
            let value = Array(rest[(equals + 1)..<(rest.startIndex + length)].dropLast())
            // Any other key shows when the header is made again.
            if rest[..<equals].suffix(9) == Array(" linkpath".utf8) { target = value } else { name = value }
            rest = rest.dropFirst(length)
        }
        guard let name = String(validating: name, as: UTF8.self),
            let target = String(validating: target, as: UTF8.self)
        else { return nil }
        return (name, target)
    }
}
