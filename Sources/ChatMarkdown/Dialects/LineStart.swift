/// The beginning of a line, where some characters make a list or a heading.
enum LineStart {
    /// The text escaped, at its beginning also what would be a marker there.
    static func escaped(_ text: String, _ everywhere: ByteSet, _ atStart: ByteSet) -> String {
        var out = Output()
        let digits = text.utf8.prefix(10).prefix { (0x30...0x39).contains($0) }.count
        if let first = text.utf8.first, atStart.contains(first) {
            out.append("\\")
            out.append(first)
            out.append(String(text.unicodeScalars.dropFirst()), escaping: everywhere)
        } else if (1...9).contains(digits), let mark = text.utf8.dropFirst(digits).first,
            mark == UInt8(ascii: ".") || mark == UInt8(ascii: ")")
        {
            out.append(String(text.unicodeScalars.prefix(digits)))
            out.append("\\")
            out.append(mark)
            out.append(String(text.unicodeScalars.dropFirst(digits + 1)), escaping: everywhere)
        } else {
            out.append(text, escaping: everywhere)
        }
        return out.text
    }
}
