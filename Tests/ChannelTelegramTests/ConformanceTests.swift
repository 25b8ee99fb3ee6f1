import ChannelConformance
import TestSupport
import Testing

@Suite(
    .enabled(if: Judge.isOn, "set NANOCLAW_JUDGES=1 to ask the judges (packages from PyPI)"),
    .serialized,
    .timeLimit(.minutes(10))
)
struct `Telegram does what every channel does` {
    @Test(arguments: ConformanceCheck.allCases)
    func `T03 T06 T07 T31 T32 T53 T70 Telegram does what every channel does`(check: ConformanceCheck) async throws {
        try await TelegramWorld.run { world in try await conform(check, world) }
    }
}
