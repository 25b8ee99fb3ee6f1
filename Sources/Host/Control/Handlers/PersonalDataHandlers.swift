import CentralStore
import ControlProtocol
import Core
import People
import Synchronization

/// `users export` and `users erase`: what is kept of a person.
struct PersonalDataHandlers: Sendable {
    let context: ControlContext

    func handlers() -> [String: ControlHandler] {
        [
            "users export": { try await self.export(&$0) },
            "users erase": { try await self.erase(&$0) },
        ]
    }

    /// An event for each piece of a file and for each thing of the report.
    private func export(_ call: inout ControlCall) async throws -> JSONValue {
        let user = try await named(&call)
        try call.arguments.finish()
        try await context.host.exportPerson(user) { [emit = call.emit] frame in try await emit(frame) }
        return ["user": .string(user.description)]
    }

    /// An event for each thing that is erased, or would be, and that stays.
    private func erase(_ call: inout ControlCall) async throws -> JSONValue {
        let user = try await named(&call)
        let isDry = try call.arguments.flag("dryRun")
        try call.arguments.finish()
        try await context.host.erasePerson(user, isDry: isDry) { [emit = call.emit] item in try await emit(item) }
        return ["user": .string(user.description), "dryRun": .bool(isDry)]
    }

    private func named(_ call: inout ControlCall) async throws -> UserID {
        try await PersonLookup(store: context.store, registry: context.registry).user(
            try call.arguments.required("user")
        )
    }
}
