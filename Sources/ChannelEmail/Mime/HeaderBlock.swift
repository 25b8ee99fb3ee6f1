import Core

/// The header fields of a mail or of a part of it, in order.
struct HeaderBlock: Sendable, Equatable {
    /// The most fields that are kept.
    static let mostFields = 1000

    private struct Field: Sendable, Equatable {
        /// In lower case.
        var name: String
        var value: String
    }

    private var fields: [Field] = []

    /// No fields.
    init() {}

    /// Reads lines without their line ends, folded ones included; lines that are no field are passed over.
    init(lines: [[UInt8]]) {
        var current: (name: String, value: [UInt8])?
        for line in lines {
            if let first = line.first, Byte.isBlank(first) {
                current?.value.append(Byte.space)
                current?.value.append(contentsOf: line.trimmingBlanks)
                continue
            }
            add(current)
            current = nil
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = line[..<colon].trimmingBlanks
            guard !name.isEmpty, name.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { continue }
            current = (
                String(decoding: name, as: UTF8.self).lowercased(), Array(line[(colon + 1)...].trimmingBlanks)
            )
        }
        add(current)
    }

    private mutating func add(_ field: (name: String, value: [UInt8])?) {
        guard let field, fields.count < Self.mostFields else { return }
        let value = field.value.filter { $0 >= 0x20 || $0 == Byte.tab }
        fields.append(Field(name: field.name, value: Charset.text(value, nil)))
    }

    /// The first field of a name in lower case, unfolded and otherwise as it was sent.
    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// All fields of a name in lower case, the topmost first.
    func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

    /// A field's text with its encoded words read, on one line.
    func text(_ name: String) -> String? { self[name].map { EncodedWord.decode($0).onOneLine } }
}

extension String {
    /// The text with every run of white space and control characters as one space.
    var onOneLine: String {
        unicodeScalars.split { $0.properties.isWhitespace || $0.properties.generalCategory == .control }
            .map(String.init).joined(separator: " ")
    }

    /// The first scalars of the text: one character may be of any length.
    func scalars(_ most: Int) -> String { String(UnicodeScalarView(unicodeScalars.prefix(most))) }
}
