import CentralStore
import Core
import Foundation
import GRDB

/// A row of `pairing_codes`: a code that waits to be sent, as a hash.
struct PairingRecord: Sendable, FetchableRecord {
    private enum Purpose: String { case owner, member, link }

    let id: String
    let salt: [UInt8]
    let hash: [UInt8]
    let offer: PairingOffer
    let maker: UserID
    /// The maker owned the home when they made it: then no role is asked for.
    let isOfHomeOwner: Bool

    init(_ code: PairingCode, _ offer: PairingOffer, by maker: UserID, isHomeOwner: Bool) throws {
        var generator = SystemRandomNumberGenerator()
        id = "pc_\(MessageID.random().rawValue.dropFirst(2))"
        salt = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        hash = try code.digest(salt: salt)
        self.offer = offer
        self.maker = maker
        isOfHomeOwner = isHomeOwner
    }

    init(row: Row) throws {
        id = row["id"]
        salt = Array(row["salt"] as Data)
        hash = Array(row["code_hash"] as Data)
        let purpose: PairingOffer.Purpose =
            switch Purpose(rawValue: row["purpose"]) {
            case .owner: .owner
            case .member: .member(row["agent_group_id"], channel: row["channel_type"])
            case .link: .link
            case nil: throw PeopleError(.failed, "pairing_codes.purpose holds what this program does not know")
            }
        offer = PairingOffer(purpose, wires: row["wires_agent_group_id"])
        maker = row["made_by"]
        isOfHomeOwner = row["is_of_home_owner"]
    }

    /// Codes that are still valid.
    static func all(_ db: Database) throws -> [PairingRecord] {
        try fetchAll(db, sql: "SELECT * FROM pairing_codes ORDER BY created_at, id")
    }

    func insert(now: Timestamp, _ db: Database) throws {
        var group: AgentGroupID?
        var channel: String?
        let purpose: Purpose
        switch offer.purpose {
        case .owner: purpose = .owner
        case .member(let id, let only):
            purpose = .member
            group = id
            channel = only
        case .link: purpose = .link
        }
        try db.execute(
            sql: """
                INSERT INTO pairing_codes (id, salt, code_hash, purpose, agent_group_id, channel_type,
                    wires_agent_group_id, made_by, is_of_home_owner, expires_at, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                id, Data(salt), Data(hash), purpose.rawValue, group, channel, offer.wires, maker, isOfHomeOwner,
                now + PairingTries.period, now,
            ]
        )
    }

    func delete(_ db: Database) throws {
        try db.execute(sql: "DELETE FROM pairing_codes WHERE id = ?", arguments: [id])
    }
}
