import ChannelConformance
import JudgeSupport
import TestSupport
import Testing

@Suite(
    .enabled(if: Judge.isOn, "set NANOCLAW_JUDGES=1 to ask the judges (packages from PyPI)"),
    .serialized,
    .timeLimit(.minutes(5))
)
struct `Slack's adapter` {
    @Test(arguments: ConformanceCheck.allCases)
    func `T03 T06 T07 T31 T32 T53 T70 Slack does what every channel does`(check: ConformanceCheck) async throws {
        try await SlackWorld.run { try await conform(check, $0) }
    }
}
