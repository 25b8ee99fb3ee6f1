import Foundation
import LinuxIO
import TestSupport
import Testing

@testable import Commands

/// What of a home an upgrade saves and puts back.
struct HomeStateTests {
    @Test(arguments: ["logs", "upgrades", "reserve", "host.lock", "nanoclaw.sock"])
    func `an agent group may have the name of what is left out of data`(name: String) async throws {
        try await withTemporaryDirectory { path in
            let (home, saved) = ("\(path)/home", "\(path)/saved")
            let notes = "\(home)/groups/\(name)/notes.txt"
            let log = "\(home)/data/logs/host.log"
            for folder in [saved, "\(home)/groups/\(name)", "\(home)/data/logs"] {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            let text = String(repeating: "remember the milk\n", count: 10_000)
            try text.write(toFile: notes, atomically: true, encoding: .utf8)
            try text.write(toFile: log, atomically: true, encoding: .utf8)
            let state = HomeState(home: home)
            // The group's bytes, and not those of the log.
            #expect((180_000..<340_000).contains(state.size()))
            try state.save(to: Directory(path: saved))
            try "forget it".write(toFile: notes, atomically: true, encoding: .utf8)
            try "later".write(toFile: log, atomically: true, encoding: .utf8)
            try state.putBack(from: Directory(path: saved))
            #expect(try String(contentsOfFile: notes, encoding: .utf8) == text)
            #expect(try String(contentsOfFile: log, encoding: .utf8) == "later")
        }
    }
}
