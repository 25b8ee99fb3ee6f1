/// Lets `--home DIR` stand before the verb.
enum ArgumentOrder {
    /// The arguments with a leading `--home` moved behind the verb and its own options, ahead of a `--`.
    static func normalized(_ arguments: [String]) -> [String] {
        var rest = arguments[...]
        var home: [String] = []
        while let first = rest.first {
            if first == "--home", rest.count > 1 {
                home = Array(rest.prefix(2))
                rest = rest.dropFirst(2)
            } else if first.hasPrefix("--home=") {
                home = [first]
                rest = rest.dropFirst()
            } else {
                break
            }
        }
        // Without a verb there is nothing that a home could belong to: the help is shown, as without any word.
        guard !home.isEmpty, !rest.isEmpty else { return Array(rest) }
        // One after the verb is the nearer one and wins.
        let end = rest.firstIndex(of: "--") ?? rest.endIndex
        if rest[..<end].contains(where: { $0 == "--home" || $0.hasPrefix("--home=") }) { return Array(rest) }
        return Array(rest[..<end]) + home + Array(rest[end...])
    }
}
