import CentralStore
import Core
import GRDB
import ShellPolicy

/// What scripts of tasks may do where the agent's shell commands need a person's word.
///
/// Nobody is at hand when a task runs, so a script that an agent wrote does no more than a command that runs unasked; a
/// person's script runs.
enum ScriptRule {
    /// Throws ``HostError`` `invalid` for a script that an agent may not give a task.
    static func check(_ fields: TaskFields, of group: AgentGroupID, _ db: Database) throws {
        guard fields.isOfAgent, let script = fields.script, let reason = try refusal(script, of: group, db) else {
            return
        }
        throw HostError(.invalid, "script: \(reason)")
    }

    /// Why the script that an agent wrote may not run now; nil when it may.
    ///
    /// The policy may be newer than the task.
    static func refusal(_ script: String, of group: AgentGroupID, _ db: Database) throws -> String? {
        guard try AgentGroupConfig.of(group, db).config.shellPolicy == .ask else { return nil }
        let folder = "/workspace/agent"
        guard case .asks(let reason) = ShellCommand.judge(script, workingDirectory: folder, workspace: folder) else {
            return nil
        }
        return
            "this agent's shell commands need a person's word, and this does more than read (\(reason)): a person gives the "
            + "task its script with `nanoclaw tasks update TASK --script …`"
    }
}
