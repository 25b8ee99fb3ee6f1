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

    private func withFaultDisk(_ body: (FaultDisk) async throws -> Void) async throws {
        try await withTemporaryDirectory { path in
            chmod(path, 0o755)
            try await body(FaultDisk(in: path))
        }
    }
}
