import CentralStore
import ControlProtocol
import Core
import SessionStoreHost
import TestSupport
import Testing

@testable import Host

/// What users of the machine may ask for who do not own the home.
@Suite(.timeLimit(.minutes(1))) struct RoleTests {
    /// Runs the body with somebody who is admin of the host's group, somebody who is a member of it, and their requests.
    private func with(
        _ body:
            @escaping @Sendable (
                TestHost,
                _ ask:
                    @escaping @Sendable (_ caller: String, _ command: String, [String: JSONValue]) async throws
                    -> JSONValue
            ) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { home in
            try await withHost(home: home) { host in
                let now = host.runtime.time.now
                try await host.runtime.central.write { db in
                    let (admin, member) = (
                        UserID(channel: "cli", native: "7001"), UserID(channel: "cli", native: "7002")
                    )
                    try UserRole.grant(.admin, to: admin, in: host.group.id, now: now, db)
                    try Member(userID: member, agentGroupID: host.group.id, addedAt: now).add(db)
                }
                let commands = host.commands
                try await body(host) { caller, command, arguments in
                    try await commands.run(
                        ControlCall(
                            caller: try #require(UserID("cli:\(caller)")),
                            authority: .roles,
                            request: ControlRequest(id: "1", command: command, arguments: arguments),
                            emit: { _ in }
                        )
                    )
                }
            }
        }
    }

    @Test func `an admin of one agent looks after its tasks and conversations, and after no other's`() async throws {
        try await with { host, ask in
            let group = host.group.folder
            let task: [String: JSONValue] = ["group": .string(group), "prompt": "look", "every": "1h", "name": "mine"]
            _ = try await ask("7001", "tasks create", task)
            for command in ["tasks show", "tasks history", "tasks pause", "tasks resume", "tasks cancel"] {
                _ = try await ask("7001", command, ["task": "mine"])
            }
            let session: [String: JSONValue] = ["session": .string(try await host.madeSession().id.rawValue)]
            _ = try await ask("7001", "sessions history", session)
            _ = try await ask("7001", "sessions stop", session)
            let other = try await host.runtime.createGroup(name: "Other", folder: nil, adoptFolder: false)
            _ = try await host.control(
                "tasks create",
                ["group": .string(other.rawValue), "prompt": "look", "every": "1h", "name": "theirs"]
            )
            for command in ["tasks show", "tasks cancel", "tasks run"] {
                let error = await #expect(throws: ControlError.self) {
                    try await ask("7001", command, ["task": "theirs"])
                }
                // Not the advice to become admin of everything.
                #expect(error?.message.contains("by its id") == true, "\(error?.message ?? "")")
            }
        }
    }

    @Test func `what was looked at is what is changed, whatever its name means by then`() async throws {
        try await with { host, _ in
            var call = ControlCall(
                caller: UserID(channel: "cli", native: "7001"),
                authority: .roles,
                request: ControlRequest(
                    id: "1",
                    command: "groups config update",
                    arguments: ["group": .string(host.group.folder), "set": ["shellPolicy": "ask"]]
                ),
                emit: { _ in }
            )
            try await RoleCheck(context: host.context).check(&call)
            var arguments = call.arguments
            #expect(try arguments.required("group") == host.group.id.rawValue)
        }
    }

    @Test func `a member gets a link code of their own, and is told which role manages an agent`() async throws {
        try await with { host, ask in
            let code = try await ask("7002", "users link-code", [:])[key: "code"]?.string
            #expect(code?.isEmpty == false)
            let error = await #expect(throws: ControlError.self) {
                try await ask("7002", "tasks list", ["group": .string(host.group.folder)])
            }
            #expect(error?.message.contains("--role admin --group GROUP") == true, "\(error?.message ?? "")")
            let whole = await #expect(throws: ControlError.self) {
                try await ask("7001", "groups create", ["name": "X"])
            }
            #expect(whole?.message.contains("of every agent group") == true, "\(whole?.message ?? "")")
        }
    }
}
