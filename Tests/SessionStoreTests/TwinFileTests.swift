import Foundation
import SessionStore
import TestSupport
import Testing

@testable import SessionStoreHost

struct TwinFileTests {
    @Test func `WR12 twins of the control files by case or invisible letters are data that nobody looks at`()
        async throws
    {
        try await Scene.run { scene in
            _ = try scene.runner().insert(scene.reply("true"))
            // Each twin holds another row than the true file.
            var forged = Data()
            try await Scene.run { other in
                for text in ["forged", "twice"] { _ = try other.runner().insert(other.reply(text)) }
                forged = try Data(contentsOf: URL(filePath: other.folder.outbound + "/outbound.db"))
            }
            let names = [
                "Outbound.db", "OUTBOUND.DB", "outbound.db\u{200B}", "\u{FEFF}outbound.db", "outbound.db ",
                "outb\u{43E}und.db",
                "outbound.db-Journal", "outbound.db-wal\u{200B}", "outbound.DB-journal", ".Heartbeat",
                ".heartbeat\u{200B}",
            ]
            for name in names { try forged.write(to: URL(filePath: "\(scene.folder.outbound)/\(name)")) }
            #expect(try await scene.snapshot().rows.count == 1)
            #expect(try await scene.host.needsRecovery() == false)
            for name in names {
                let now = try Data(contentsOf: URL(filePath: "\(scene.folder.outbound)/\(name)"))
                #expect(now == forged, "\(name) was touched")
            }
        }
    }
}
