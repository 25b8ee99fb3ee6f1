import Foundation
import Glibc
import TestSupport
import Testing

extension BackupTests {
    // MARK: - What an agent has made

    @Test func `an outbound.db that would be checked for minutes is told at once, and keeps nobody from restoring`()
        async throws
    {
        try await Self.withTalk { place, home in
            _ = try await Self.judge("bomb", home)
            #expect(try await Self.backup("create", place + "/b", "--home", home).status == 0)
            let start = ContinuousClock().now
            let verified = try await Self.backup("verify", place + "/b")
            #expect(verified.status == 0, "\(verified)")
            #expect(verified.output.contains("the host will set it aside: its schema is not the one"), "\(verified)")
            #expect(try await Self.backup("restore", place + "/b", "--home", place + "/copy").status == 0)
            #expect(ContinuousClock().now - start < .seconds(30))
        }
    }
}
