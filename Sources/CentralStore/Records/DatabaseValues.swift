package import Core
package import GRDB

// Values of Core as columns. An id that is no id and text that is none of an enum's names fail the read.

extension AgentGroupID: DatabaseValueConvertible {}
extension MessagingGroupID: DatabaseValueConvertible {}
extension WiringID: DatabaseValueConvertible {}
extension SessionID: DatabaseValueConvertible {}
extension MessageID: DatabaseValueConvertible {}
extension TurnID: DatabaseValueConvertible {}
extension QueueMode: DatabaseValueConvertible {}
extension ProviderKind: DatabaseValueConvertible {}

extension UserID: DatabaseValueConvertible {
    package var databaseValue: DatabaseValue { description.databaseValue }

    package static func fromDatabaseValue(_ value: DatabaseValue) -> UserID? {
        String.fromDatabaseValue(value).flatMap(UserID.init)
    }
}

extension Timestamp: DatabaseValueConvertible {
    package var databaseValue: DatabaseValue { milliseconds.databaseValue }

    package static func fromDatabaseValue(_ value: DatabaseValue) -> Timestamp? {
        guard case .int64(let milliseconds) = value.storage else { return nil }
        return Timestamp(milliseconds: milliseconds)
    }
}

/// A row of one table as a value: read, inserted, updated and deleted by its primary key.
package protocol CentralRecord: Codable, FetchableRecord, PersistableRecord, Sendable, Equatable {}
