/// Where one session's files stand: `data/sessions/<agent group>/<session>/`.
package struct SessionFolder: Sendable, Hashable {
    /// The folder itself, an absolute path; holds `lock` and the three directories.
    package let path: String

    /// The folder at this path; nothing is opened or made.
    package init(path: String) { self.path = path }

    /// Written by the host, read-only in the sandbox: `inbound.db` and `inbox/<message id>/<file>`.
    package var inbound: String { path + "/inbound" }
    /// Written by the runner: `outbound.db`, `.heartbeat` and `outbox/<message id>/<file>`.
    package var outbound: String { path + "/outbound" }
    /// The runner's own: transcripts.
    package var state: String { path + "/state" }
    /// The host's database.
    package var inboundDatabase: String { inbound + "/inbound.db" }
    /// The runner's database.
    package var outboundDatabase: String { outbound + "/outbound.db" }
}
