import CentralStore
import Core
import Egress
import GRDB

/// Where the requests of each provider's profile go.
struct ModelUpstreams: Sendable {
    private let central: CentralStore
    private let credentials: Credentials
    private let cache: CentralCache<String, ModelUpstream?>

    init(central: CentralStore, credentials: Credentials, time: any TimeSource) {
        self.central = central
        self.credentials = credentials
        cache = CentralCache(central: central, time: time)
    }

    /// The profile as it stands, with its key, which is never that of another address; nil when there is none.
    func upstream(_ profile: String) async throws -> ModelUpstream? {
        while true {
            let version = central.routingVersion
            var upstream = try await known(profile)
            // Operators may put a key's file there themselves, so that it is read for each request.
            if upstream != nil { upstream?.key = try credentials.key(for: profile) }
            // A profile's change stores its key before its row is committed.
            if !central.isRoutingChanging, central.routingVersion == version { return upstream }
            try await central.write(changesRouting: false) { _ in }
        }
    }

    private func known(_ profile: String) async throws -> ModelUpstream? {
        // Names that a sandbox makes up are not kept.
        try await cache.value(profile, keeps: { $0 != nil }) { central in
            try await central.read { try Provider.fetchOne($0, key: profile) }.map { provider in
                ModelUpstream(
                    kind: provider.kind,
                    baseURL: try BaseURL(provider.baseURL, kind: provider.kind),
                    key: nil
                )
            }
        }
    }
}
