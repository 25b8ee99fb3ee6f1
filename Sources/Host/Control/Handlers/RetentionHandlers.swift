import ControlProtocol
import Core
import SessionStoreHost
import Synchronization

/// `retention run`: ends what has been kept for its time, or tells what would be ended.
struct RetentionHandlers: Sendable {
    let context: ControlContext

    func handlers() -> [String: ControlHandler] { ["retention run": { try await self.run(&$0) }] }

    /// An event for each thing and for each session that could not be looked at, then how many things there were.
    private func run(_ call: inout ControlCall) async throws -> JSONValue {
        let isDry = try call.arguments.flag("dryRun")
        try call.arguments.finish()
        let count = Atomic<Int>(0)
        try await context.host.retain(isDry: isDry) { [emit = call.emit] item in
            if item.what != .failure { count.add(1, ordering: .relaxed) }
            try await emit(item)
        }
        return ["dryRun": .bool(isDry), "count": .integer(Int64(count.load(ordering: .relaxed)))]
    }
}
