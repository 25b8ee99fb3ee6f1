import ChannelConformance
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(2))) struct `The example of an adapter` {
    @Test(arguments: ConformanceCheck.allCases)
    func `does what every adapter must do`(check: ConformanceCheck) async throws {
        try await withTemporaryDirectory { folder in
            try await conform(check, LoopWorld(folder: folder))
        }
    }

    @Test(arguments: ConformanceCheck.allCases)
    func `and so does one of a hundred lines, within what it can do`(check: ConformanceCheck) async throws {
        try await withTemporaryDirectory { folder in
            try await conform(check, LoopWorld.short(folder: folder))
        }
    }
}
