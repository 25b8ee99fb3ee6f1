package import Core

/// Where requests go: a path on the runner's own listener.
///
/// Addresses are numeric.
package struct ModelEndpoint: Sendable, Equatable {
    package var address: String
    package var port: Int
    /// What stands before the wire's own path: `/model/<profile>`, without a slash at its end.
    package var path: String

    package init(address: String = "127.0.0.1", port: Int = 3128, path: String) {
        self.address = address
        self.port = port
        self.path = path
    }

    /// The profile's path on the listener of design §12.
    package static func profile(_ name: String) -> Self { Self(path: "/model/\(name)") }
}

/// How long to wait for a model.
///
/// Within a stream only `silence` counts: a model that thinks says nothing.
package struct ModelTimeouts: Sendable, Equatable {
    package var connect: Duration = .seconds(10)
    /// From the request's last byte to the answer's first; a local model reads a long prompt for minutes.
    package var firstByte: Duration = .seconds(600)
    /// Between two pieces of a stream.
    package var silence: Duration = .seconds(1800)
    /// For which a connection waits: for the end of its answer, then for the next request.
    ///
    /// Longer than most tools take between two requests of a turn; a runner at rest keeps nothing.
    package var kept: Duration = .seconds(15)

    package init() {}
}

/// The providers by their wire protocol.
///
/// A new one is a folder and a line here.
package enum ModelProviders {
    /// The provider of this kind.
    ///
    /// `endpoint` is not used by `offline`.
    package static func make(
        kind: ProviderKind,
        endpoint: ModelEndpoint,
        timeouts: ModelTimeouts = ModelTimeouts()
    ) -> any ModelProvider {
        switch kind {
        case .offline: OfflineProvider()
        case .openai: OpenAIProvider(client: HTTPStreamClient(endpoint: endpoint, timeouts: timeouts))
        case .anthropic: AnthropicProvider(client: HTTPStreamClient(endpoint: endpoint, timeouts: timeouts))
        }
    }
}
