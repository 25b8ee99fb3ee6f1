/// Runs bodies one after the other, in the order they came, however long each waits.
package actor AsyncSerial {
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    package init() {}

    /// Runs the body when all before it have ended.
    package func run<Value: Sendable>(_ body: @Sendable () async throws -> Value) async rethrows -> Value {
        if isBusy {
            await withCheckedContinuation { waiting.append($0) }
        }
        isBusy = true
        defer {
            if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
        }
        return try await body()
    }
}
