import CentralStore
import Core
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
            try await central.write { db in
                let provider = Provider(
                    name: "p",
                    kind: .openai,
                    baseURL: "http://127.0.0.1:1/v1",
                    model: "m",
                    createdAt: time.now
                )
                _ = try provider.create(db)
            }
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

    private func key(_ text: String, _ home: String) throws -> ProviderKey {
        try Directory(path: home).replace("key", with: Array(text.utf8), mode: 0o600)
        return try Credentials.read("\(home)/key")
    }
}
