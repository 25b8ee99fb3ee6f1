import CentralStore
import Core
import GRDB

/// Writes into the audit which setting of who may speak, or of what may run, was given which value.
struct SettingAudit: Sendable {
    let caller: UserID
    let now: Timestamp

    /// One entry in the transaction of the change; none where no such setting was given.
    func note(
        _ what: String,
        _ settings: KeyValuePairs<String, String?>,
        group: AgentGroupID? = nil,
        _ db: Database
    ) throws {
        let given = settings.compactMap { name, value in value.map { "\(name)=\($0)" } }
        guard !given.isEmpty else { return }
        let detail = ([what] + given).joined(separator: " ")
        try AuditEntry(at: now, event: "setting", group: group, by: caller, detail: detail).append(db)
    }
}

extension ControlCall {
    /// What its caller sets now.
    func settingAudit(at now: Timestamp) -> SettingAudit { SettingAudit(caller: caller, now: now) }
}
