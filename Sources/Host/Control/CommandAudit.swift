import CentralStore
import ControlProtocol
import Core

/// Writes into the audit what the control socket has changed, and what it refused for want of a role.
struct CommandAudit: Sendable {
    let store: CentralStore

    /// Commands that end in one of these show something, or belong to a conversation.
    private static let reading: Set = [
        "list", "get", "show", "history", "explain", "identities", "trace", "test", "level", "status",
        "platforms",
    ]
    /// Arguments that say what a command was about; all others, texts and keys among them, are left out.
    private static let named = [
        "group", "user", "other", "role", "channel", "chat", "agent", "name", "id", "task", "session",
    ]

    /// True for a command that changes something for good.
    static func isChange(_ command: String) -> Bool {
        let words = command.split(separator: " ")
        guard words.count > 1, words[0] != "chat", words[0] != "approvals", let last = words.last else { return false }
        return !reading.contains(String(last))
    }

    /// One entry: `command`, or `command-refused`.
    func note(_ call: ControlCall, isAllowed: Bool) async throws {
        var arguments = call.arguments
        let about = Self.named.compactMap { name in
            arguments.value(name)?.string.map { "\(name)=\($0.prefix(100))" }
        }
        let detail = ([call.command] + about).joined(separator: " ")
        let entry = AuditEntry(
            at: store.time.now,
            event: isAllowed ? "command" : "command-refused",
            by: call.caller,
            detail: detail
        )
        try await store.write(changesRouting: false) { db in try entry.append(db) }
    }
}
