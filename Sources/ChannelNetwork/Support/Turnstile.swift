/// Lets one task at a time through for each key, in the order in which they came.
package actor Turnstile<Key: Hashable & Sendable> {
    private var waiting: [Key: [CheckedContinuation<Void, Never>]] = [:]

    package init() {}

    /// Runs the body when all who came before for the same key are done.
    package func pass<Result: Sendable>(
        _ key: Key,
        _ body: @Sendable () async throws -> Result
    ) async rethrows -> Result {
        await enter(key)
        defer { leave(key) }
        return try await body()
    }

    private func enter(_ key: Key) async {
        guard waiting[key] != nil else {
            waiting[key] = []
            return
        }
        await withCheckedContinuation { waiting[key]?.append($0) }
    }

    private func leave(_ key: Key) {
        guard let queue = waiting[key], let next = queue.first else {
            waiting[key] = nil
            return
        }
        waiting[key]?.removeFirst()
        next.resume()
    }
}
