import Foundation

/// Tests/Attack/cases.txt and layers.txt: which layers hold a case alone, and what several hold together.
struct AttackLists {
    /// One run without some layers.
    struct Row: Sendable, CustomStringConvertible {
        let layers: [String]
        /// Cases that must then succeed, by mode.
        let expected: [SpawnMode: Set<String>]
        /// The step at which the launcher refuses to go on without.
        let refusedAt: String?
        var description: String { layers.joined(separator: "+") }
    }

    let rows: [Row]
    /// Cases that succeed nowhere on a machine such as this, each with its reason in the file.
    let neverSucceed: Set<String>

    static let shared = Result<AttackLists, any Error> { try AttackLists() }
    static var rows: [Row] { (try? shared.get().rows) ?? [] }

    private init() throws {
        var alone: [String: [SpawnMode: Set<String>]] = [:]
        for words in try Self.lines("cases.txt") where !words[0].hasPrefix("- ") && words.count == 4 {
            for word in words[3].split(separator: " ") {
                let parts = word.split(separator: "@").map(String.init)
                for mode in Self.modes(parts) { alone[parts[0], default: [:]][mode, default: []].insert(words[0]) }
            }
        }
        var rows: [Row] = []
        var never: Set<String> = []
        for words in try Self.lines("layers.txt") {
            if words[0].hasPrefix("- ") {
                never.insert(String(words[0].dropFirst(2)))
                continue
            }
            let parts = words[0].split(separator: "@").map(String.init)
            let layers = parts[0].split(separator: "+").map(String.init)
            var expected: [SpawnMode: Set<String>] = [:]
            for mode in Self.modes(parts) {
                let together = layers.count > 1 ? Set(words[1].split(separator: " ").map(String.init)) : []
                expected[mode] = together.union(layers.count == 1 ? alone[parts[0]]?[mode] ?? [] : [])
            }
            let reason = words.last ?? ""
            let refused = reason.hasPrefix("refused at ") ? reason.dropFirst(11).prefix { $0 != ":" } : nil
            rows.append(Row(layers: layers, expected: expected, refusedAt: refused.map(String.init)))
        }
        self.rows = rows
        neverSucceed = never
    }

    private static func modes(_ parts: [String]) -> [SpawnMode] {
        SpawnMode.allCases.filter { parts.count < 2 || parts[1] == $0.rawValue }
    }

    private static func lines(_ name: String) throws -> [[String]] {
        try String(contentsOfFile: "\(TestPrograms.root)/Tests/Attack/\(name)", encoding: .utf8).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
            .map { $0.components(separatedBy: " | ").map { $0.trimmingCharacters(in: .whitespaces) } }
    }
}
