import Core
import GRDB
import Glibc
import TestSupport
import Testing

@testable import CentralStore

@Suite struct `The lock of a home` {
    @Test func `a second host is refused and told the pid of the first`() async throws {
        try await withTemporaryDirectory { home in
            let lock = try HomeLock.acquire(home: home)
            let error = #expect(throws: StoreError.self) { try HomeLock.acquire(home: home) }
            #expect(error?.code == .locked)
            #expect(error?.message.contains("pid \(getpid())") == true)
            #expect(HomeLock.holder(home: home) == getpid())
            _ = lock.home
        }
    }

    @Test func `the lock is free once its holder is gone`() async throws {
        try await withTemporaryDirectory { home in
            do { _ = try HomeLock.acquire(home: home) }
            #expect(HomeLock.holder(home: home) == nil)
            _ = try HomeLock.acquire(home: home)
        }
    }

    @Test func `a lock that was given up is free while its value lives on`() async throws {
        try await withTemporaryDirectory { home in
            let first = try HomeLock.acquire(home: home)
            first.release()
            let second = try HomeLock.acquire(home: home)
            #expect(second.home == first.home)
        }
    }

    @Test func `T13 two homes have a lock each`() async throws {
        try await withTemporaryDirectory { home in
            let one = try HomeLock.acquire(home: "\(home)/one")
            let two = try HomeLock.acquire(home: "\(home)/two")
            #expect(one.home != two.home)
        }
    }

    @Test func `a data folder that a checkout left open is closed to others`() async throws {
        try await withTemporaryDirectory { home in
            mkdir("\(home)/data", 0o755)
            chmod("\(home)/data", 0o755)
            _ = try HomeLock.acquire(home: home)
            var status = stat()
            #expect(stat("\(home)/data", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o700)
        }
    }

    @Test func `the databases are for their owner alone`() async throws {
        try await withTemporaryDirectory { home in
            let store = try CentralStore(lock: HomeLock.acquire(home: home))
            try await store.write { _ = try AgentGroup.create(name: "a", now: now, $0) }
            for file in ["", "-wal"] {
                var status = stat()
                #expect(stat(CentralStore.path(home: home) + file, &status) == 0 && status.st_mode & 0o077 == 0)
            }
            let reader = try CentralStore(readingHome: home)
            #expect(try await reader.read { try AgentGroup.fetchCount($0) } == 1)
            await #expect(throws: (any Error).self) {
                try await reader.write { _ = try AgentGroup.create(name: "b", now: now, $0) }
            }
        }
    }

    @Test func `a home where a file stands is refused with the path`() async throws {
        try await withTemporaryDirectory { home in
            close(open("\(home)/data", O_CREAT | O_WRONLY, 0o600))
            let error = #expect(throws: StoreError.self) { try HomeLock.acquire(home: home) }
            #expect(error?.code == .unusable && "\(error, default: "")".contains(home))
        }
    }

    @Test func `network file systems are refused by name, local ones are not`() {
        #expect(HomeFolder.refused(0x6969) == "NFS")
        #expect(HomeFolder.refused(0xFF53_4D42) == "SMB")
        #expect(HomeFolder.refused(0x6573_5546) == "FUSE (or virtiofs)")
        for local: UInt32 in [0xEF53, 0x9123_683E, 0x5846_5342, 0x0102_1994, 0x794C_7630] {
            #expect(HomeFolder.refused(local) == nil)
        }
    }
}
