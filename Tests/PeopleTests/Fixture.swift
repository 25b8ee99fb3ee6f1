import CentralStore
import Core
import GRDB
import People
import TestSupport

let now = Timestamp(milliseconds: 1_790_000_000_000)
let boss = UserID(channel: "cli", native: "1000")
let ann = UserID(channel: "telegram", native: "7")
let eve = UserID(channel: "telegram", native: "666")

/// A new home with an open store, an owner `boss` and a group.
func withStore(_ body: (CentralStore, AgentGroup) async throws -> Void) async throws {
    try await withTemporaryDirectory { home in
        let store = try CentralStore(lock: HomeLock.acquire(home: home))
        let group = try await store.write { db in
            try UserRole.grant(.owner, to: boss, now: now, db)
            return try AgentGroup.create(name: "Main", now: now, db)
        }
        try await body(store, group)
        try store.close()
    }
}

/// A sender in a direct chat of theirs.
func sender(_ user: UserID, isGroup: Bool = false) -> Pairing.Sender {
    Pairing.Sender(
        user: user,
        name: "Somebody",
        chat: ChatAddress(channel: user.channel, platformID: "dm-\(user.native)"),
        isGroup: isGroup,
        isPrivate: !isGroup && user.channel != "cli"
    )
}

/// A code that is not `code`.
func wrong(_ code: PairingCode) -> PairingCode {
    while true {
        let other = PairingCode.random()
        if other != code { return other }
    }
}
