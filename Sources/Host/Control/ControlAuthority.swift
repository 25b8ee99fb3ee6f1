import CentralStore
import ControlProtocol
import Core
import GRDB

/// What a client of the control socket may ask for.
package enum ControlAuthority: Sendable, Equatable {
    /// The user that owns the home, and root: everything.
    case homeOwner
    /// Another user of the machine, of the group that the socket is open to: what the roles of `cli:<uid>` allow.
    case roles
}

/// Decides by role what a user of the machine may ask for who does not own the home.
///
/// Read from the database with every request: a role that is taken away is gone with the next one.
struct RoleCheck: Sendable {
    let context: ControlContext

    /// Commands that change who decides, or let the host read or send keys.
    static let owners: Set = [
        "roles grant", "roles revoke", "users delete", "users pair-owner", "users link", "users unlink",
        "users export", "users erase",
        "providers add", "providers update", "providers remove", "channels add", "channels remove", "channels test",
        "channels pair",
    ]
    /// Commands that a group's own admin may use, when they name that group as `group`.
    static let ofGroup: Set = [
        "groups get", "groups update", "groups restart", "groups config get", "groups config update", "members list",
        "members add", "members remove", "users pair", "sessions list", "wirings list", "destinations list",
        "tasks list", "tasks create",
    ]

    /// Commands about a task that the admin of its group may use.
    static let ofTask: Set = [
        "tasks show", "tasks run", "tasks pause", "tasks resume", "tasks update", "tasks cancel", "tasks history",
    ]

    /// Commands about a conversation that the admin of its group may use.
    static let ofSession: Set = ["sessions history", "sessions stop"]

    /// Throws `forbidden` with the role that is missing, and the command that grants it.
    ///
    /// What was named is put into the call by its id, so that what was looked at is what is changed.
    func check(_ call: inout ControlCall) async throws {
        let access = try await context.store.read { [caller = call.caller] db in try Access.of(caller, db) }
        if access.isOwner { return }
        guard !Self.owners.contains(call.command) else { throw refusal(call, "the role owner", "--role owner") }
        // A code of one's own gives its maker nothing that the other has not.
        if access.isGlobalAdmin || call.command == "users link-code" { return }
        var arguments = call.arguments
        if call.command.hasPrefix("chat ") {
            return try await checkChat(call, access)
        }
        // Who decides what is up to each approval: its handlers ask for the roles themselves.
        if call.command.hasPrefix("approvals "), !access.adminOf.isEmpty { return }
        if Self.ofGroup.contains(call.command), let name = arguments.value("group")?.string {
            let group = try? await context.store.read { db in try Lookup.agentGroup(name, db) }
            if let group, access.isAdmin(of: group.id) { return call.arguments.pin("group", group.id.rawValue) }
        }
        if Self.ofTask.contains(call.command), let name = arguments.value("task")?.string {
            let task = try? await context.store.read { db in try Lookup.task(name, db) }
            if let task, access.isAdmin(of: task.agentGroupID) { return call.arguments.pin("task", task.id.rawValue) }
        }
        if Self.ofSession.contains(call.command), let name = arguments.value("session")?.string {
            let session = try? await context.store.read { db in try Lookup.session(name, db) }
            if let session, access.isAdmin(of: session.agentGroupID) {
                return call.arguments.pin("session", session.id.rawValue)
            }
        }
        throw try await groupRefusal(call, access)
    }

    /// Who talks in a chat, or reads it, is a member of every agent group that hears it.
    private func checkChat(_ call: ControlCall, _ access: Access) async throws {
        let address = try ChatHandlers.address(call)
        let groups = Set(
            try await context.host.explain(address: address, text: nil, mention: nil).map(\.agentGroup)
        )
        guard !groups.isEmpty, groups.allSatisfy(access.isMember) else {
            throw ControlError(
                .forbidden,
                "\(call.caller) is no member of the agent groups of this chat: the home's owner adds them with "
                    + "`nanoclaw members add --user \(call.caller) --group GROUP`"
            )
        }
    }

    /// What somebody is told who may be admin of a group and is not asked for one.
    private func groupRefusal(_ call: ControlCall, _ access: Access) async throws -> ControlError {
        let isOfGroup = Self.ofGroup.union(Self.ofTask).union(Self.ofSession).contains(call.command)
        guard isOfGroup else { return refusal(call, "the role admin of every agent group", "--role admin") }
        guard let own = access.adminOf.sorted().first else {
            return refusal(call, "the role admin", "--role admin --group GROUP")
        }
        let folder = try await context.store.read { db in try AgentGroup.fetchOne(db, key: own)?.folder }
        let named =
            Self.ofGroup.contains(call.command) ? "`--group \(folder ?? own.rawValue)`" : "its id, as the list shows it"
        return ControlError(
            .forbidden,
            "\(call.caller) is admin of single agent groups, and \(call.command) was not about one of these: name it by \(named)"
        )
    }

    private func refusal(_ call: ControlCall, _ role: String, _ option: String) -> ControlError {
        ControlError(
            .forbidden,
            "\(call.command) needs \(role), which \(call.caller) has not: the home's owner grants it with "
                + "`nanoclaw roles grant --user \(call.caller) \(option)`"
        )
    }
}
