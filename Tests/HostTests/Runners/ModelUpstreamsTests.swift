import CentralStore
import Core
import Dispatch
import Egress
import LinuxIO
import TestSupport
import Testing

@testable import Host

@Suite struct ModelUpstreamsTests {
    @Test func `a profile's change, its key and its end count with the next request, a hand's after five seconds`()
        async throws
    {
        try await withTemporaryDirectory { home in
            let lock = try HomeLock.acquire(home: home)
            defer { lock.release() }
            let central = try CentralStore(lock: lock)
            let credentials = Credentials(directory: "\(home)/keys", environment: { _ in nil })
            let time = ManualTime()
            let upstreams = ModelUpstreams(central: central, credentials: credentials, time: time)
            #expect(try await upstreams.upstream("p") == nil)
            try await central.write { db in _ = try Self.provider("http://127.0.0.1:1/v1").create(db) }
            let first = try #require(try await upstreams.upstream("p"))
            #expect(first.baseURL.description == "http://127.0.0.1:1/v1" && first.key == nil)
            try credentials.store("p", try key("one", home))
            #expect(try await upstreams.upstream("p")?.key == "one")
            try await central.write { db in _ = try Provider.update("p", db) { $0.baseURL = "http://127.0.0.1:2/v1" } }
            #expect(try await upstreams.upstream("p")?.baseURL.description == "http://127.0.0.1:2/v1")
            // As another program does, of which nobody is told.
            try await central.write(changesRouting: false) { db in
                _ = try Provider.update("p", db) { $0.baseURL = "http://127.0.0.1:3/v1" }
            }
            #expect(try await upstreams.upstream("p")?.baseURL.description == "http://127.0.0.1:2/v1")
            time.advance(by: .seconds(5))
            #expect(try await upstreams.upstream("p")?.baseURL.description == "http://127.0.0.1:3/v1")
            try await central.write { db in try Provider.remove("p", db) }
            #expect(try await upstreams.upstream("p") == nil)
        }
    }

    @Test func `a key never goes with the address that another was for`() async throws {
        try await withTemporaryDirectory { home in
            let lock = try HomeLock.acquire(home: home)
            defer { lock.release() }
            let central = try CentralStore(lock: lock)
            let isRead = DispatchSemaphore(value: 0)
            let credentials = Credentials(directory: "\(home)/keys") { _ in
                isRead.signal()
                return nil
            }
            let upstreams = ModelUpstreams(central: central, credentials: credentials, time: ManualTime())
            try await central.write { db in
                _ = try Self.provider("http://127.0.0.1:1/v1").create(db)
                try credentials.store("p", try key("one", home))
            }
            #expect(try await upstreams.upstream("p")?.key == "one")
            // As `providers update` does; the request comes when the key is stored and the row is not.
            let (stored, store) = AsyncStream.makeStream(of: Void.self)
            async let change: Void = central.write { db in
                _ = try Provider.update("p", db) { $0.baseURL = "http://127.0.0.1:2/v1" }
                try credentials.store("p", try key("two", home))
                store.finish()
                // That of before, and that of now.
                for _ in 0..<2 { isRead.wait() }
            }
            for await _ in stored {}
            let found = try #require(try await upstreams.upstream("p"))
            try await change
            #expect(found.baseURL.description == "http://127.0.0.1:2/v1" && found.key == "two")
        }
    }

    private static func provider(_ baseURL: String) -> Provider {
        Provider(
            name: "p",
            kind: .openai,
            baseURL: baseURL,
            model: "m",
            createdAt: Timestamp(milliseconds: 1_790_000_000_000)
        )
    }

    private func key(_ text: String, _ home: String) throws -> ProviderKey {
        try Directory(path: home).replace("key", with: Array(text.utf8), mode: 0o600)
        return try Credentials.read("\(home)/key")
    }
}
