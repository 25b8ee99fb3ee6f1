import Core
import Foundation
import TestSupport
import Testing

/// The bytes of files on their way in and out, on a disk that answers ENOSPC or EIO and then does so no longer.
@Suite(
    .serialized,
    .timeLimit(.minutes(5)),
    .enabled(if: CrashDriver.isBuilt, "no crash-host in \(CrashDriver.binaries)")
)
struct DiskFaultBytesTests {
    private struct Place {
        let name: String
        let call: String
        /// Of the path.
        let part: String
        /// What writes can also lack.
        var room = false
    }

    private static let incoming: [Place] = [
        Place(name: "what the adapter has fetched is opened", call: "open", part: "-media/"),
        Place(name: "it is read", call: "read", part: "-media/"),
        Place(name: "the bytes are written", call: "write", part: "/note.txt", room: true),
        Place(name: "they are brought to the disk", call: "fsync", part: "/note.txt", room: true),
    ]

    @Test func `T26 a message whose files cannot be read or written comes once, with every byte`() async throws {
        try await withFaultDisk { disk in
            try await CrashDriver.with(environment: disk.environment) { driver in
                let chat = CrashDriver.keyedChat("bytes")
                driver.write(to: chat, file: "a note")
                try await driver.comeToRest(within: 30, "at the start")
                let inbound = "\(try await driver.sessionFolder(chat))/inbound"
                let faults = Self.incoming.flatMap { place in (place.room ? [EIO, ENOSPC] : [EIO]).map { (place, $0) } }
                for (place, error) in faults {
                    var message = ""
                    try await disk.failing(place.call, error, place.part) {
                        let refusals = driver.refusals
                        message = driver.write(to: chat, file: "a note")
                        try await eventually("\(place.name): it is refused") { driver.refusals > refusals }
                    }
                    #expect(disk.hits > 0, "\(place.name): nothing failed")
                    try await driver.waitForAnswers(within: 75, place.name)
                    #expect(try await driver.storedFiles(of: message, below: inbound) == ["a note"], "\(place.name)")
                }
                try await driver.comeToRest(within: 75, "at the end")
                let half = try await run("/usr/bin/find", ["\(inbound)/inbox", "-name", ".*"])
                #expect(half.output.isEmpty, "\(half)")
                try await driver.check("at the end")
            }
        }
    }

    @Test func `T26 a file that an agent sends and that cannot be read goes out once, with every byte`() async throws {
        try await withFaultDisk { disk in
            try await CrashDriver.with(environment: disk.environment) { driver in
                let chat = CrashDriver.keyedChat("bytes")
                driver.write(to: chat)
                try await driver.comeToRest(within: 30, "at the start")
                for (call, part) in [("read", "/outbox/"), ("open", "outbox/")] {
                    try await disk.failing(call, EIO, part) {
                        driver.askForFile(in: chat)
                        try await eventually("\(call): it cannot be had") { disk.hits > 1 }
                    }
                    try await driver.comeToRest(within: 75, "\(call), at the end")
                }
                #expect(driver.ledger.filesSent.count == 2, "\(driver.ledger.filesSent)")
                #expect(driver.ledger.filesSent.values.allSatisfy { $0.count == 1 }, "\(driver.ledger.filesSent)")
                try await driver.check("at the end")
            }
        }
    }

    @Test func `T26 a file of one agent to another that cannot be had for a moment comes once, with every byte`()
        async throws
    {
        try await withFaultDisk { disk in
            try await CrashDriver.with(environment: disk.environment) { driver in
                let chat = CrashDriver.keyedChat("agents")
                driver.write(to: chat)
                try await driver.comeToRest(within: 30, "at the start")
                try await driver.addHelper(answeringIn: chat)
                let inbound = "\(try await driver.sessionFolder(chat))/inbound"
                for (call, part) in [("open", "outbox/"), ("read", "/outbox/")] {
                    var message = ""
                    try await disk.failing(call, EIO, part) {
                        message = driver.askHelperForFile("a note", in: chat)
                        try await eventually("\(call): it cannot be had") { disk.hits > 1 }
                    }
                    let query = """
                        SELECT content ->> '$.attachments[0].path' FROM messages_in
                        WHERE content ->> '$.attachments[0].path' LIKE '%\(CrashLedger.token(message))%'
                        """
                    try await eventually(within: 75, "\(call): it comes") {
                        try await !driver.sql("\(inbound)/inbound.db", query).isEmpty
                    }
                    let texts = try await driver.sql("\(inbound)/inbound.db", query).map {
                        try? String(contentsOfFile: "\(inbound)/\($0)", encoding: .utf8)
                    }
                    #expect(texts == ["a note"], "\(call)")
                }
                try await eventually(within: 75, "each stands where it went") {
                    try await driver.acceptedBetweenAgents().values.allSatisfy { $0 == 1 }
                }
            }
        }
    }

    private func withFaultDisk(_ body: (FaultDisk) async throws -> Void) async throws {
        try await withTemporaryDirectory { path in
            chmod(path, 0o755)
            try await body(FaultDisk(in: path))
        }
    }
}
