package import LinuxIO
import NIOCore
import NIOHTTP1

/// The tool tier's way out: there is none until the egress proxy exists, and every request is told so.
package struct ToolListener: Sendable {
    /// What a request is answered with, in one line.
    package static let refusal = "nanoclaw: tools have no network in this version; the request was not sent.\n"

    package init() {}

    /// Answers every request on the listener with 403 until the task is cancelled.
    package func serve(listener: Descriptor) async throws {
        try await ListenerServer().run(listener) { connection in
            try await connection.executeThenClose { inbound in
                for try await part in inbound {
                    guard case .head = part else { continue }
                    let type = "text/plain; charset=utf-8"
                    try await Responder(channel: connection.channel).whole(.forbidden, type: type, Self.refusal)
                    return
                }
            }
        }
    }
}
