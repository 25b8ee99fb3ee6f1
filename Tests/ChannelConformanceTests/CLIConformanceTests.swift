import CentralStore
import ChannelConformance
import Channels
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(2))) struct `The channel of this machine` {
    @Test(arguments: ConformanceCheck.allCases)
    func `T32 a terminal does what every channel does`(check: ConformanceCheck) async throws {
        try await withTemporaryDirectory { home in
            let lock = try HomeLock.acquire(home: home)
            let store = try CentralStore(lock: lock)
            try await conform(check, CLIWorld(home: home, store: store))
        }
    }
}
