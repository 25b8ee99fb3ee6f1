import CentralStore
import Core
import LinuxIO
import SessionStoreHost

/// Makes agents that agents ask for; whose word it takes is decided before.
struct AgentCreation: Sendable {
    let home: String
    let central: CentralStore
    let folders: GroupFolder
    let executors: StoreExecutors
    /// The most that one agent may have made.
    let limit: Int
    let time: any TimeSource
    /// Brings a change of a group to its running sessions.
    let changed: @Sendable (AgentGroupID) async -> Void

    /// What would be made for this agent: a destination after the name, and a folder that nobody has.
    ///
    /// Throws as ``create(_:)`` does.
    func plan(name: String, instructions: String, for parent: AgentGroupID) async throws -> NewAgent {
        let destination = PathSegment.localName(String(name.prefix(48)))
        let standing = try await executors.run { [home] in Set(try Directory(path: "\(home)/groups").names()) }
        let folder = try await central.read { db in
            var folder = try AgentGroup.freeFolder(nil, name: name, db)
            let base = folder
            var number = 2
            while standing.contains(folder) {
                folder = try AgentGroup.freeFolder(nil, name: "\(base)-\(number)", db)
                number += 1
            }
            return folder
        }
        let new = NewAgent(
            parent: parent,
            name: name,
            destination: destination,
            folder: folder,
            instructions: instructions
        )
        try await check(new)
        return new
    }

    /// Throws ``StoreError`` or ``HostError`` in words for the agent when it cannot be made.
    func check(_ new: NewAgent) async throws {
        try await central.read { [limit] db in try AgentGroup.checkChild(new, limit: limit, db) }
    }

    /// Makes folder, records and destinations, all or nothing, and tells the parent's running sessions.
    ///
    /// A folder that stands there is refused, whoever made it: it may hold what is not meant for this agent.
    func create(_ new: NewAgent) async throws -> AgentGroup {
        try await executors.run { [folders] in
            try folders.create(new.folder, name: new.name, adopt: false, instructions: new.instructions)
        }
        let group: AgentGroup
        do {
            let now = time.now
            group = try await central.write { [limit] db in
                try AgentGroup.createChild(new, limit: limit, now: now, db)
            }
        } catch {
            try? await executors.run { [folders] in folders.undo(new.folder) }
            throw error
        }
        await changed(new.parent)
        return group
    }
}
