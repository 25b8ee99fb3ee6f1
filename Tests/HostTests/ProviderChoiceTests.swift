import CentralStore
import Core
import TestSupport
import Testing

@testable import Host

/// Which model server an agent group is given.
@Suite(.timeLimit(.minutes(1))) struct ProviderChoiceTests {
    @Test func `a provider that is added serves no group before it is chosen`() async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home, { _ in .hang }) { host in
                try await host.runtime.accept(host.event("hello"))
                let session = try await host.session()
                let added = Provider(
                    name: "first",
                    kind: .openai,
                    baseURL: "http://127.0.0.1:1/v1",
                    model: "m",
                    createdAt: SystemTime().now
                )
                _ = try await host.runtime.central.write { try added.create($0) }
                #expect(try await chosen(host, session) == "offline")
                #expect(await host.runtime.status().groups.map(\.provider) == ["offline"])
                _ = try await host.runtime.central.write { db in
                    try AgentGroupConfig.update(host.group.id, now: SystemTime().now, db) { $0.provider = "first" }
                }
                #expect(try await chosen(host, session) == "first")
                #expect(await host.runtime.status().groups.map(\.provider) == ["first"])
            }
        }
    }

    private func chosen(_ host: TestHost, _ session: SessionHandle) async throws -> String {
        try await host.runtime.central.projection(
            of: session,
            defaults: AgentConfiguration.Limits(),
            timeZone: "UTC"
        ).configuration.provider.name
    }
}
