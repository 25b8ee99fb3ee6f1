import Foundation
import Testing

@testable import HostConfiguration

@Suite struct `The configuration page` {
    static let page = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/configuration.md")

    @Test func `it tells of every setting with its default and meaning, and of no other`() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let start = try #require(text.range(of: "## Settings"))
        let end = try #require(text.range(of: "## Mounts"))
        let rows = text[start.upperBound..<end.lowerBound].split(separator: "\n").filter { $0.hasPrefix("| `") }
        let documented = rows.map { row in
            let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: [" ", "`"]) }
            return [cells[0], cells[2], cells[3].replacing("`", with: "")]
        }
        #expect(documented == Setting.all.map { [$0.key, $0.standard, $0.summary.replacing("`", with: "")] })
        for name in MountPolicy.blocked
        where !name.hasPrefix("id_") && !["private_key", ".gpg", ".secrets"].contains(name) {
            #expect(text.contains(name.hasPrefix(".") ? "`\(name)`" : name), "\(name)")
        }
    }
}
