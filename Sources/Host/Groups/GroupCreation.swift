import CentralStore
import Core
import Glibc
import SessionStoreHost

/// Makes an agent group: record, configuration and files, all or nothing.
struct GroupCreation: Sendable {
    let home: String
    let central: CentralStore
    let files: GroupFolder
    let executors: StoreExecutors
    let time: any TimeSource

    /// Answers the new group; `folder` defaults to a name made from `name`, `adoptFolder` takes over one that stands
    /// there without a record.
    func create(name: String, folder: String? = nil, adoptFolder: Bool = false) async throws -> AgentGroupID {
        let now = time.now
        let chosen = try await central.read { try AgentGroup.freeFolder(folder, name: name, $0) }
        let exists = access("\(home)/groups/\(chosen)", F_OK) == 0
        try await executors.run { [files] in try files.create(chosen, name: name, adopt: adoptFolder && exists) }
        do {
            return try await central.write { try AgentGroup.create(name: name, folder: chosen, now: now, $0).id }
        } catch {
            if !exists { try? await executors.run { [files] in files.undo(chosen) } }
            throw error
        }
    }
}
