import Core

/// A verb that `nanoclaw` has inside a sandbox: what it is called, what it takes, and what it needs.
///
/// What stands in no verb does not exist there, whatever the host itself knows.
package struct InsideVerb: Sendable {
    /// What a call of it does.
    package enum Effect: Sendable, Equatable {
        /// Answers at once.
        case read
        /// Changes something: somebody's word is asked.
        case write
    }

    /// How a call is held to the caller's own agent group, where its scope is the group.
    package enum Reach: Sendable, Equatable {
        /// The argument `group` is the own one, whatever the call says or leaves away.
        case ownGroup
        /// The argument `session` names a session of the own group; without it the caller's own.
        case sessionOfGroup
        /// The argument `session` is the caller's own session.
        case ownSession
        /// For calls of scope `global` only.
        case global
    }

    /// An option, and the argument that it becomes.
    package struct Option: Sendable {
        package enum Kind: Sendable { case text, integer, flag }
        package let name: String
        package let argument: String
        package let kind: Kind

        init(_ name: String, _ argument: String? = nil, _ kind: Kind = .text) {
            self.name = name
            self.argument = argument ?? name
            self.kind = kind
        }
    }

    /// The words: `groups config get`; also the host's own command.
    package let command: String
    package let effect: Effect
    package let reach: Reach
    /// The arguments that stand without a name, in order.
    package let positionals: [String]
    package let options: [Option]
    /// One line for the help.
    package let summary: String

    init(
        _ command: String,
        _ effect: Effect,
        _ reach: Reach,
        _ positionals: [String] = [],
        _ options: [Option] = [],
        _ summary: String
    ) {
        self.command = command
        self.effect = effect
        self.reach = reach
        self.positionals = positionals
        self.options = options
        self.summary = summary
    }

    private static let limit = Option("limit", nil, .integer)

    /// Every verb there is, in the order of the help.
    package static let all: [InsideVerb] = [
        InsideVerb("groups get", .read, .ownGroup, ["group"], "the agent group"),
        InsideVerb("groups config get", .read, .ownGroup, ["group"], "its configuration"),
        InsideVerb("sessions list", .read, .ownGroup, [], [Option("group"), limit], "its conversations"),
        InsideVerb("sessions get", .read, .sessionOfGroup, ["session"], "one conversation; yours without a name"),
        InsideVerb("sessions history", .read, .ownSession, ["session"], [limit], "the last messages of yours"),
        InsideVerb("destinations list", .read, .ownGroup, [], [Option("group"), limit], "where you may send"),
        InsideVerb("members list", .read, .ownGroup, [], [Option("group"), limit], "who may speak to you"),
        InsideVerb("groups list", .read, .global, [], [limit], "all agent groups"),
        InsideVerb("messaging-groups list", .read, .global, [], [limit], "all chats"),
        InsideVerb("wirings list", .read, .global, [], [limit], "which chat leads to which agent"),
        InsideVerb("users list", .read, .global, [], [limit], "all people"),
        InsideVerb("roles list", .read, .global, [], [limit], "who decides"),
        InsideVerb("providers list", .read, .global, [], [limit], "models"),
        InsideVerb("groups update", .write, .ownGroup, ["group"], [Option("name")], "renames the group"),
        InsideVerb(
            "groups restart",
            .write,
            .ownGroup,
            ["group"],
            [Option("message")],
            "starts its conversations anew"
        ),
        InsideVerb(
            "destinations add",
            .write,
            .ownGroup,
            ["name"],
            [Option("group"), Option("chat"), Option("agent")],
            "names a place to send to"
        ),
        InsideVerb("destinations remove", .write, .ownGroup, ["name"], [Option("group")], "forgets one"),
        InsideVerb("members add", .write, .ownGroup, ["user"], [Option("group")], "lets somebody speak to you"),
        InsideVerb("members remove", .write, .ownGroup, ["user"], [Option("group")], "takes that back"),
    ]

    private init(_ command: String, _ effect: Effect, _ reach: Reach, _ positionals: [String], _ summary: String) {
        self.init(command, effect, reach, positionals, [], summary)
    }
}
