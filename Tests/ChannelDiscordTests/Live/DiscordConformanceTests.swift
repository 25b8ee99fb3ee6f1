import ChannelConformance
import TestSupport
import Testing

/// What every adapter must do, against the judge.
@Suite(.enabled(if: Judge.isOn), .serialized) struct DiscordConformanceTests {
    @Test(arguments: ConformanceCheck.allCases)
    func `T03 T06 T07 T31 T32 T53 T70 Discord does what every channel does`(check: ConformanceCheck) async throws {
        try await DiscordWorld.run { world in try await conform(check, world) }
    }
}
