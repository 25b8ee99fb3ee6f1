import CentralStore
import Core
import TestSupport

/// A new home with an open store, gone afterwards.
func withStore(_ body: (CentralStore) async throws -> Void) async throws {
    try await withTemporaryDirectory { home in
        let store = try CentralStore(lock: HomeLock.acquire(home: home))
        try await body(store)
        try store.close()
    }
}

let now = Timestamp(milliseconds: 1_790_000_000_000)
let ann = UserID(channel: "cli", native: "1000")

/// The code of the store's error that the body throws; nil when it throws none.
func code(_ body: () async throws -> Void) async -> StoreError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? StoreError)?.code
    }
}

/// The message of the error that the body throws; empty when it throws none.
func message(_ body: () async throws -> Void) async -> String {
    do {
        try await body()
        return ""
    } catch {
        return "\(error)"
    }
}
