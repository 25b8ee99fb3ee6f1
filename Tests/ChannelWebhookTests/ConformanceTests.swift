import ChannelConformance
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(5)))
struct `A webhook does what every channel does` {
    @Test(arguments: ConformanceCheck.allCases)
    func `T03 T06 T32 a webhook does what every channel does`(check: ConformanceCheck) async throws {
        try await WebhookWorld.run { world in
            try await conform(check, world)
            #expect(world.problems.isEmpty)
        }
    }
}
