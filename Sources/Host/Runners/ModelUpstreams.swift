import CentralStore
import Core
import Egress
import GRDB

/// Where the requests of each provider's profile go.
struct ModelUpstreams: Sendable {
    private let credentials: Credentials
    private let known: CentralCache<String, ModelUpstream?>

    init(central: CentralStore, credentials: Credentials, time: any TimeSource) {
        self.credentials = credentials
        known = CentralCache(central: central, time: time)
    }

    /// The profile as it stands, with its key; nil when there is none.
    func upstream(_ profile: String) async throws -> ModelUpstream? {
        let found = try await known.value(profile) { central in
            try await central.read { try Provider.fetchOne($0, key: profile) }.map { provider in
                ModelUpstream(
                    kind: provider.kind,
                    baseURL: try BaseURL(provider.baseURL, kind: provider.kind),
                    key: nil
                )
            }
        }
        // Operators may put a key's file there themselves.
        guard var upstream = found else { return nil }
        upstream.key = try credentials.key(for: profile)
        return upstream
    }
}
