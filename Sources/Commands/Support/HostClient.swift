import ControlProtocol
package import Core
import Glibc
import LinuxIO
import Synchronization

/// A connection to the running host: any number of requests side by side.
package final class HostClient: Sendable {
    private struct State {
        var next = 0
        var open: [String: AsyncThrowingStream<Answer, any Error>.Continuation] = [:]
        var isEnded = false
    }

    private enum Answer {
        case event(JSONValue)
        case result(JSONValue)
    }

    private let connection: ControlConnection
    private let home: String
    private let state = Mutex(State())

    private init(_ connection: ControlConnection, home: String) {
        self.connection = connection
        self.home = home
    }

    /// Runs the body with a connection to the host of this home; throws with status 2 when none serves it.
    package static func with<Value: Sendable>(
        home: String,
        _ body: (HostClient) async throws -> Value
    ) async throws -> Value {
        let connection: ControlConnection
        do {
            connection = try ControlAddress.connect(home: home)
        } catch let error as Errno {
            throw unreachable(home, error)
        }
        let client = HostClient(connection, home: home)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await client.readReplies() }
            defer {
                connection.shutDown()
                group.cancelAll()
            }
            return try await body(client)
        }
    }

    /// One request and its result, and its events as they come; throws ``ControlError`` as the host answers it.
    package func call(
        _ command: String,
        _ arguments: [String: JSONValue?] = [:],
        events: (JSONValue) -> Void = { _ in }
    ) async throws -> JSONValue {
        for try await answer in try await begin(command, arguments) {
            switch answer {
            case .event(let value): events(value)
            case .result(let value): return value
            }
        }
        throw gone
    }

    /// A request whose events are handed over one by one until its result, or until the body answers false.
    package func stream(
        _ command: String,
        _ arguments: [String: JSONValue?] = [:],
        _ body: (JSONValue) async throws -> Bool
    ) async throws {
        for try await answer in try await begin(command, arguments) {
            switch answer {
            case .event(let value):
                guard try await body(value) else { return }
            case .result: return
            }
        }
        try Task.checkCancellation()
        throw gone
    }

    private var gone: CommandFailure {
        CommandFailure(
            .noHost,
            "the host of \(home) ended the connection; see `nanoclaw logs`, start it with `\(Self.start(home))`"
        )
    }

    private func begin(
        _ command: String,
        _ arguments: [String: JSONValue?]
    ) async throws -> AsyncThrowingStream<Answer, any Error> {
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: Answer.self)
        let id = state.withLock { state -> String? in
            guard !state.isEnded else { return nil }
            state.next += 1
            state.open["\(state.next)"] = continuation
            return "\(state.next)"
        }
        guard let id else { throw gone }
        let request = ControlRequest(id: id, command: command, arguments: arguments.compactMapValues(\.self))
        do {
            try await connection.write(try request.line())
        } catch let error as Errno where error.code == EPIPE || error.code == ECONNRESET {
            // The host may have said why before it closed: the reader hands that over.
            return stream
        }
        return stream
    }

    private func readReplies() async {
        var splitter = LineSplitter()
        var failure: any Error = gone
        do {
            while true {
                let bytes = try await connection.read()
                if bytes.isEmpty { break }
                for line in try splitter.append(bytes) { take(try ControlReply(line: line), &failure) }
            }
        } catch {
            failure = error
        }
        let open = state.withLock { state in
            state.isEnded = true
            defer { state.open = [:] }
            return state.open
        }
        for continuation in open.values { continuation.finish(throwing: failure) }
    }

    private func take(_ reply: ControlReply, _ failure: inout any Error) {
        switch reply.body {
        case .event(let value):
            state.withLock { $0.open[reply.id] }?.yield(.event(value))
        case .result(let value):
            let continuation = state.withLock { $0.open.removeValue(forKey: reply.id) }
            continuation?.yield(.result(value))
            continuation?.finish()
        case .failure(let error):
            // An error without an id is about the connection.
            if reply.id == ControlProtocol.unknownID { failure = error }
            state.withLock { $0.open.removeValue(forKey: reply.id) }?.finish(throwing: error)
        }
    }

    private static func unreachable(_ home: String, _ error: Errno) -> CommandFailure {
        switch error.code {
        case EACCES, EPERM:
            CommandFailure(
                .noHost,
                "the host of \(home) is not yours: only the home's owner, root and members of its control.group may talk to "
                    + "it (\(error))"
            )
        default:
            CommandFailure(.noHost, "no host serves \(home); start it with `\(start(home))`")
        }
    }

    private static func start(_ home: String) -> String { "nanoclaw up --home \(ShellText.quoted(home))" }
}

/// Text as a shell reads it back.
enum ShellText {
    static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+=:@%".contains($0)) }
        return isPlain ? text : "'" + text.replacingExactly("'", with: "'\\''") + "'"
    }
}
