@testable import EngagePatterns

/// Patterns that decide whether a message engages an agent, and messages of anybody.
///
/// A pattern compiles in time or is refused in words; no search takes more looks than its bound; what is put together of
/// patterns matches as its parts do.
struct EngagePatternsTarget: FuzzTarget {
    static let name = "engage-patterns"

    func run(_ input: [UInt8]) {
        let parts = String(decoding: input, as: UTF8.self).split(
            separator: "\n",
            maxSplits: 2,
            omittingEmptySubsequences: false
        )
        let first = String(parts.first ?? "")
        let second = parts.count > 1 ? String(parts[1]) : ""
        let text = parts.count > 2 ? String(parts[2]) : ""
        literal(first, text)
        guard let one = compiled(first) else { return }
        let isMatch = matches(one, text)
        // A group of its own has no (?i) at its beginning.
        guard !first.hasPrefix("(?i)") else { return }
        let group = "(?:\(first))"
        for (pattern, expected) in [
            (group, isMatch), ("\(group){1}", isMatch), ("\(group)+", isMatch), ("\(group)?", true),
            ("\(group)*", true),
            ("\(group)|\(group)", isMatch),
        ] {
            guard let other = try? EngagePattern(pattern) else { continue }
            // A dot alone takes every text, the empty one too; in a group it needs a character.
            if first == "." { continue }
            require(matches(other, text) == expected, "\(pattern) matches as its part does: \(text)")
        }
        guard first != ".", !second.hasPrefix("(?i)"), second != ".", let two = compiled(second) else { return }
        guard let either = try? EngagePattern("\(group)|(?:\(second))") else { return }
        require(
            matches(either, text) == (isMatch || matches(two, text)),
            "either matches where one of them does: \(first) \(second) \(text)"
        )
    }

    private func compiled(_ pattern: String) -> EngagePattern? {
        do throws(EngagePatternError) {
            let compiled = try EngagePattern(pattern)
            require(compiled.text == pattern, "a pattern keeps its text")
            return compiled
        } catch {
            require((1..<400).contains(error.message.utf8.count), "a refusal is short: \(error)")
            return nil
        }
    }

    /// A text with every character quoted is found where it stands, and only there.
    private func literal(_ word: String, _ text: String) {
        let letters = word.unicodeScalars.prefix(20)
        guard !letters.isEmpty, letters.allSatisfy({ !("a"..."z").contains($0) && !("A"..."Z").contains($0) }),
            letters.allSatisfy({ !("0"..."9").contains($0) })
        else { return }
        let quoted = letters.map { "\\\($0)" }.joined()
        guard let pattern = try? EngagePattern(quoted) else { return }
        var scalars = text.unicodeScalars.prefix(100).map(\.value)
        let wanted = letters.map(\.value)
        func isThere() -> Bool {
            scalars.count >= wanted.count
                && (0...(scalars.count - wanted.count)).contains { Array(scalars[$0..<($0 + wanted.count)]) == wanted }
        }
        func said() -> Bool {
            var said = ""
            for value in scalars { if let scalar = Unicode.Scalar(value) { said.unicodeScalars.append(scalar) } }
            return matches(pattern, said)
        }
        require(said() == isThere(), "a quoted text is found where it stands: \(word) \(text)")
        scalars += wanted
        require(said(), "and it stands at the end: \(word)")
    }

    private func matches(_ pattern: EngagePattern, _ text: String) -> Bool {
        #if PLANTED
        // A search that forgets the last character.
        return pattern.matches(text) && (text.isEmpty || pattern.matches(String(text.dropLast())))
        #else
        let (isMatch, looks) = pattern.search(text)
        let count = min(text.unicodeScalars.count, EngagePattern.longestText)
        require(looks <= (count + 1) * EngagePattern.mostLooks, "a search keeps its bound: \(pattern.text) \(looks)")
        return isMatch
        #endif
    }
}
