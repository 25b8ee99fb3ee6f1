import CSQLite
import Core
import LinuxIO
import SessionStore
import TestSupport
import Testing

@testable import SessionStoreHost

/// Looks over a connection that looked before: they show what a new one shows.
struct KeptCopyTests {
    /// What a look shows, or why it shows nothing.
    private func outcome(_ open: () throws -> HostileDatabase) -> String {
        do {
            let tables = try OutboundTables(try open(), above: 0, highest: 100, incarnation: 3)
            return
                "\(tables.rows)\n\(tables.acks)\n\(String(describing: tables.runner))\n\(tables.rejected)\n\(tables.isCut)"
        } catch {
            return "\(error)"
        }
    }

    private func file(_ scene: Scene) throws -> [UInt8] {
        try Directory(path: scene.folder.outbound).contents("outbound.db", limit: 1 << 24)
    }

    @Test func `spoilt in a thousand ways, a file shows the same to a kept connection as to a new one`() async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            for text in ["one", String(repeating: "long ", count: 2000), "three"] {
                _ = try runner.insert(scene.reply(text))
            }
            runner.close()
            let good = try file(scene)
            let pages = good.count / SessionLimits.pageSize
            #expect(pages > 8)
            var random = Seeded(state: 20_261_130)
            var kept = try HostileDatabase(good)
            var replaced = 0
            for _ in 0..<1000 {
                var bytes = good
                for _ in 0..<Int.random(in: 0...4, using: &random) {
                    // Behind the schema, and the counters in the header.
                    let page = Int.random(in: 1..<pages, using: &random) * SessionLimits.pageSize
                    let place = Int.random(
                        in: 0..<(Bool.random(using: &random) ? 64 : SessionLimits.pageSize),
                        using: &random
                    )
                    bytes[page + place] = UInt8.random(in: .min ... .max, using: &random)
                }
                if Bool.random(using: &random) {
                    bytes[[27, 31, 35, 39, 95][Int.random(in: 0..<5, using: &random)]] ^= 1
                }
                let fresh = outcome { try HostileDatabase(bytes) }
                let again = outcome {
                    if try kept.replace(with: bytes) { replaced += 1 }
                    return kept
                }
                #expect(again == fresh)
                kept.clear()
                if Int.random(in: 0..<20, using: &random) == 0 { kept = try HostileDatabase(good) }
            }
            #expect(replaced > 100 && replaced < 1000)
        }
    }

    @Test func `what was kept of the file before hides nothing, though the file's counter stands still`() async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            _ = try runner.insert(scene.reply("one"))
            let first = try file(scene)
            _ = try runner.insert(scene.reply("two"))
            runner.close()
            var second = try file(scene)
            for place in [24, 92] { second.replaceSubrange(place..<place + 4, with: first[place..<place + 4]) }
            let kept = try HostileDatabase(first)
            #expect(try OutboundTables(kept, above: 0, highest: 0, incarnation: 1).rows.count == 1)
            #expect(try kept.replace(with: second))
            #expect(try OutboundTables(kept, above: 0, highest: 0, incarnation: 1).rows.count == 2)
            #expect(try kept.replace(with: first))
            #expect(try OutboundTables(kept, above: 0, highest: 0, incarnation: 1).rows.count == 1)
        }
    }

    @Test func `a file of another schema is opened anew`() async throws {
        try await Scene.run { scene in
            let good = try file(scene)
            let kept = try HostileDatabase(good)
            try scene.tamper { try $0.execute("CREATE TABLE more (x)") }
            #expect(try !kept.replace(with: try file(scene)))
            for place in [18, 40, 60, 100, 3000] {
                var bytes = good
                bytes[place] ^= 1
                #expect(try !kept.replace(with: bytes), "byte \(place)")
            }
            #expect(try !kept.replace(with: Array(good.prefix(100))))
            #expect(try kept.replace(with: good))
        }
    }

    @Test func `a schema that has a part on another page is opened anew`() async throws {
        try await Scene.run { scene in
            try scene.tamper { try $0.execute("CREATE TABLE more (x /*\(String(repeating: "x", count: 5000))*/)") }
            let bytes = try file(scene)
            var entries: Set<SessionSchema.Entry> = []
            try scene.tamper { entries = Set(try SessionSchema.entries(of: $0)) }
            let version = SessionSchema.outbound.version
            let kept = try HostileDatabase(bytes, schemas: [version: entries])
            // A leaf, and yet not the whole schema.
            #expect(bytes[100] == 0x0D)
            #expect(try !kept.replace(with: bytes))
        }
    }

    @Test func `HR04 each look has the whole budget of instructions`() async throws {
        try await Scene.run { scene in
            let good = try file(scene)
            let kept = try HostileDatabase(good)
            sqlite3_set_authorizer(kept.database.handle, nil, nil)
            func count(to bound: Int) throws -> Int64? {
                try kept.database.first(
                    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < \(bound)) SELECT max(x) FROM n"
                ) { $0.integer(0) }
            }
            #expect(throws: StoreError.self) { try count(to: 20_000_000) }
            #expect(throws: StoreError.self) { try count(to: 1000) }
            #expect(try kept.replace(with: good))
            #expect(try count(to: 1000) == 1000)
        }
    }

    @Test func `a session keeps its connection while there is news, and none that has thrown`() async throws {
        try await Scene.run { scene in
            let runner = try scene.runner()
            _ = try runner.insert(scene.reply("one"))
            #expect(try await scene.snapshot().rows.count == 1)
            let first = await scene.host.keptCopy
            _ = try runner.insert(scene.reply("two"))
            #expect(try await scene.snapshot().rows.count == 2)
            let second = await scene.host.keptCopy
            #expect(first != nil && first == second)
            // Delivered and recorded: what the looks behind it find is nothing new.
            for row in try await scene.snapshot().rows {
                try await scene.host.apply([.delivery(try scene.delivery(row))])
            }
            for _ in 0..<2 { _ = try await scene.host.readOutbound() }
            #expect(await scene.host.keptCopy == nil)
            _ = try runner.insert(scene.reply("three"))
            #expect(try await scene.snapshot().rows.count == 1)
            #expect(await scene.host.keptCopy != nil)
            runner.close()
            try scene.tamper { try $0.execute("CREATE TABLE more (x)") }
            guard case .quarantined = try await scene.host.readOutbound() else {
                Issue.record("another schema was read")
                return
            }
            #expect(await scene.host.keptCopy == nil)
        }
    }
}

extension HostSession {
    fileprivate var keptCopy: ObjectIdentifier? { copy.map(ObjectIdentifier.init) }
}
