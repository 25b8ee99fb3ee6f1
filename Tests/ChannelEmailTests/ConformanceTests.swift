import ChannelConformance
import TestSupport
import Testing

@Suite(
    .enabled(if: Judge.isOn, "set NANOCLAW_JUDGES=1 to ask the judges (packages from PyPI)"),
    .serialized,
    .timeLimit(.minutes(10))
)
struct `Email does what every channel does` {
    @Test(arguments: ConformanceCheck.allCases)
    func `T07 T31 T32 mail does what every channel does`(check: ConformanceCheck) async throws {
        try await withPost { post in try await conform(check, try EmailWorld(post)) }
    }
}
