package import Core
package import GRDB

/// An agent that another agent is to have: all that is decided about it.
package struct NewAgent: Codable, Sendable, Equatable {
    /// The group whose agent asks.
    package var parent: AgentGroupID
    /// Shown to people and agents.
    package var name: String
    /// What the parent calls it when it writes to it.
    package var destination: String
    /// Its folder below `groups/`.
    package var folder: String
    /// What its CLAUDE.md says below the name; at most ``longestInstructions`` bytes.
    package var instructions: String

    package static let longestInstructions = 12 * 1024
    /// What a child calls the agent that made it.
    package static let parentName = "parent"

    package init(parent: AgentGroupID, name: String, destination: String, folder: String, instructions: String) {
        self.parent = parent
        self.name = name
        self.destination = destination
        self.folder = folder
        self.instructions = instructions
    }
}

extension AgentGroup {
    /// Throws ``StoreError`` when this agent may not be made: `invalid` for a name, destination or instructions that are not
    /// allowed, `conflict` for what is taken already or too many, `notFound` for a parent that is gone.
    package static func checkChild(_ new: NewAgent, limit: Int, _ db: Database) throws {
        try Text.check("name", new.name, limit: 100)
        guard PathSegment.localName(new.destination) == new.destination, new.destination != "unnamed",
            new.destination.utf8.count <= 64
        else {
            throw StoreError(.invalid, "name: \"\(new.name)\" needs letters a-z or digits, to be written to by it")
        }
        guard new.instructions.utf8.count <= NewAgent.longestInstructions,
            new.instructions.unicodeScalars.allSatisfy({ $0.value >= 0x20 || $0 == "\n" || $0 == "\t" })
        else {
            throw StoreError(
                .invalid,
                "instructions: at most \(NewAgent.longestInstructions) bytes of text without control characters"
            )
        }
        guard try AgentGroup.exists(db, key: new.parent) else {
            throw StoreError(.notFound, "no agent group \(new.parent)")
        }
        let children = try filter(CodingKeys.parentID == new.parent).fetchCount(db)
        guard children < limit else {
            throw StoreError(
                .conflict,
                "you have made \(children) agents, the most that are allowed: `agents.children`"
            )
        }
        if try Destination.exists(new.parent, new.destination, db) {
            throw StoreError(.conflict, "you have a destination \(new.destination) already: choose another name")
        }
        _ = try freeFolder(new.folder, name: new.name, db)
    }

    /// Makes the agent's record and configuration, and the destinations by which the two reach each other.
    ///
    /// It gets what its parent has of model, limits and tools, and none of its mounts, packages and tool servers. Throws as
    /// ``checkChild(_:limit:_:)`` does.
    package static func createChild(_ new: NewAgent, limit: Int, now: Timestamp, _ db: Database) throws -> AgentGroup {
        try checkChild(new, limit: limit, db)
        let parent = try AgentGroupConfig.of(new.parent, db)
        var config = GroupConfig()
        config.model = parent.config.model
        config.timeZone = parent.config.timeZone
        config.limits = parent.config.limits
        config.deniedTools = parent.config.deniedTools
        config.skills = parent.config.skills
        config.cliScope = parent.config.cliScope == .disabled ? .disabled : .group
        config.shellPolicy = parent.config.shellPolicy
        let group = AgentGroup(name: new.name, folder: new.folder, parentID: new.parent, createdAt: now)
        try group.insert(db)
        let row = AgentGroupConfig(agentGroupID: group.id, provider: parent.provider, config: config, updatedAt: now)
        try row.check(db)
        try row.insert(db)
        for (from, name, to) in [
            (new.parent, new.destination, group.id), (group.id, NewAgent.parentName, new.parent),
        ] {
            try Destination(agentGroupID: from, localName: name, target: .agent(to), createdAt: now).add(db)
        }
        return group
    }
}
