import Core
import Foundation
import TestSupport
import Testing

/// The inbox of files, on a disk that answers ENOSPC or EIO and then does so no longer, below a platform that brings again
/// what was refused.
@Suite(
    .serialized,
    .timeLimit(.minutes(5)),
    .enabled(if: FaultLayer.isThere && CrashDriver.isBuilt, "root, strace and crash-host are needed")
)
struct DiskFaultFileTests {
    private struct Place {
        let name: String
        let calls: String
        /// Below the session's `inbound/`.
        let files: [String]
        var from = 1
    }

    private static let places: [Place] = [
        Place(name: "a message's folder", calls: "mkdirat", files: ["inbox"]),
        Place(name: "its sync", calls: "fsync", files: ["inbox"]),
        Place(name: "the folder in its place", calls: "renameat,renameat2", files: ["inbox"]),
        Place(name: "the sync of that", calls: "fsync", files: ["inbox"], from: 2),
        Place(name: "the commit", calls: "pwrite64,fsync,fdatasync", files: ["inbound.db", "inbound.db-journal"]),
        // The commit has come to be though it is said to have failed.
        Place(name: "the commit's last sync", calls: "fsync,fdatasync", files: ["inbound.db-journal"], from: 3),
    ]

    @Test(arguments: ["ENOSPC", "EIO"])
    func `T26 a message whose files a full or failing disk refuses comes once, with its files whole`(
        error: String
    ) async throws {
        try await CrashDriver.with { driver in
            let chat = CrashDriver.keyedChat("files")
            driver.write(to: chat, file: "a note")
            try await driver.comeToRest(within: 30, "at the start")
            let inbound = "\(try await driver.sessionFolder(chat))/inbound"
            for place in Self.places {
                let layer = FaultLayer(
                    calls: place.calls,
                    error: error,
                    from: place.from,
                    paths: place.files.map { "\(inbound)/\($0)" }
                )
                let refusals = driver.refusals
                let log = "\(driver.home).strace"
                var message = ""
                let count = try await layer.attached(to: driver.hostProcess, log) {
                    message = driver.write(to: chat, file: "a note")
                    try await eventually("\(place.name): it is refused") { driver.refusals > refusals }
                }
                #expect(count > 0, "\(place.name): nothing failed")
                try await driver.comeToRest(within: 75, place.name)
                #expect(try await driver.storedFiles(of: message, below: inbound) == ["a note"], "\(place.name)")
            }
            // One for each message that has a row; what else a failure has left is none that a message names.
            try await driver.check("at the end")
        }
    }
}
