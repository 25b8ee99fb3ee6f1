/// One judge that many tests use one after the other, because its start takes seconds: each finds it reset.
///
/// Keep it in a `static let`: it ends with the test process.
package actor JudgeRoom {
    private let name: JudgeServer.Name
    private let script: String?
    private let arguments: [String]
    private var server: JudgeServer?
    private var isTaken = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    package init(_ name: JudgeServer.Name, script: String? = nil, arguments: [String] = []) {
        self.name = name
        self.script = script
        self.arguments = arguments
    }

    /// Runs the body while nobody else uses the judge; a judge that does not start is tried again by the next.
    package func use<Result: Sendable>(_ body: @Sendable (JudgeServer) async throws -> Result) async throws -> Result {
        await enter()
        defer { leave() }
        let server: JudgeServer
        if let running = self.server {
            server = running
        } else {
            server = try await JudgeServer.start(name, script: script, arguments: arguments)
            self.server = server
        }
        try await server.control("reset")
        return try await body(server)
    }

    private func enter() async {
        if isTaken {
            await withCheckedContinuation { waiters.append($0) }
        } else {
            isTaken = true
        }
    }

    private func leave() {
        if waiters.isEmpty { isTaken = false } else { waiters.removeFirst().resume() }
    }
}
