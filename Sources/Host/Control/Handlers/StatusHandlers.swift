import CentralStore
import ControlProtocol
import Core

/// `status` and `messages trace`.
struct StatusHandlers: Sendable {
    let context: ControlContext

    func handlers() -> [String: ControlHandler] {
        [
            "status": { call in
                try call.arguments.finish()
                return try JSONValue(encoding: await context.host.status())
            },
            "messages trace": { try await self.trace(&$0) },
        ]
    }

    private func trace(_ call: inout ControlCall) async throws -> JSONValue {
        let message = try call.arguments.required("message")
        try call.arguments.finish()
        let entries = try await context.traces.entries(of: message)
        guard !entries.isEmpty else {
            throw ControlError(
                .notFound,
                "nothing is known of message \"\(message.prefix(80))\": traces are kept for a while only, and ids are given in full"
            )
        }
        return .array(
            try entries.map { entry in
                guard case .object(var fields) = try JSONValue(encoding: entry) else { return .null }
                fields["detail"] = try JSONText.decode(JSONValue.self, entry.detail)
                return .object(fields)
            }
        )
    }
}
