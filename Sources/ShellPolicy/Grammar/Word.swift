/// One word of a command as the program receives it, unless it is a pattern.
struct Word: Hashable, Sendable {
    /// The bytes without quotes and backslashes; never a NUL.
    private(set) var bytes: [UInt8] = []
    /// Where in `bytes` a `*` or `?` stands that no quote covers.
    private(set) var wildcards: [Int] = []
    /// Whether any part was quoted.
    var isQuoted = false

    /// The word as text: commands are UTF-8, and quotes never cut a character.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The word as it is looked up in tables: ASCII, else empty, which no table holds.
    ///
    /// Texts are equal in Swift when their letters are, the Kelvin sign and K too; to a program they are not.
    var key: String { bytes.allSatisfy { $0 < 0x80 } ? text : "" }

    /// Whether the shell replaces it by names of files.
    var isPattern: Bool { !wildcards.isEmpty }

    /// Whether it is only digits, as the number of a descriptor is.
    var isNumber: Bool { !bytes.isEmpty && bytes.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }

    /// Whether a program may take it, or what its pattern yields, for an option; a lone `-` is the standard input.
    var mayBeOption: Bool {
        guard let first = bytes.first else { return false }
        if isPattern, wildcards[0] == 0 { return true }
        return first == UInt8(ascii: "-") && (bytes.count > 1 || isPattern)
    }

    init() {}

    init(_ text: String) { bytes = Array(text.utf8) }

    init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    mutating func append(_ byte: UInt8) { bytes.append(byte) }

    mutating func appendWildcard(_ byte: UInt8) {
        wildcards.append(bytes.count)
        bytes.append(byte)
    }
}
