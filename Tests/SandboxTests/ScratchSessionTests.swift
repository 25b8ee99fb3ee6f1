import Core
import Foundation
import TestSupport
import Testing

@testable import Sandbox

@Suite
struct ScratchSessionTests {
    @Test func `what a killed process left is removed by the next one, what lives is not`() async throws {
        try await withTemporaryDirectory { home in
            if geteuid() == 0 { chown(home, 1000, 1000) }
            let place = "\(home)/data/sessions/scratch"
            let left = "\(place)/se_left/outbound"
            try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
            try await ScratchSession.with(home: home) { first in
                let names = try FileManager.default.contentsOfDirectory(atPath: place)
                #expect(names == [first.session.rawValue])
                try await ScratchSession.with(home: home) { second in
                    let names = try FileManager.default.contentsOfDirectory(atPath: place)
                    #expect(Set(names) == [first.session.rawValue, second.session.rawValue])
                }
            }
            let rest = try FileManager.default.contentsOfDirectory(atPath: place)
            #expect(rest.isEmpty)
        }
    }
}
