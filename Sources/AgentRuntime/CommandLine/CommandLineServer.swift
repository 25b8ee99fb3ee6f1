import AgentTools
import CLinux
import Core
import Glibc
import LinuxIO

/// Serves `nanoclaw` inside the tool tier: each connection is one call, a line with its words, answered by one line.
///
/// Whatever runs in the tier may call; the host decides for each call what the agent may.
struct CommandLineServer: Sendable {
    /// Most calls at once; further ones wait in the listener's queue.
    private static let most = 16
    /// How long a caller may take for its line, and to read its answer.
    private static let patience = Duration.seconds(10)

    let listener: Descriptor
    let time: any TimeSource
    /// Asks the host.
    let ask: @Sendable ([String]) async throws -> CommandLineAnswer

    /// Serves until cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            var open = 0
            while !Task.isCancelled {
                if open >= Self.most {
                    await group.next()
                    open -= 1
                }
                guard (try? await Readiness.shared.readable(listener)) != nil else { break }
                let number = clinux_accept(listener.number)
                guard number >= 0 else {
                    // A caller that went away, or no descriptor left for a moment.
                    if number != -EAGAIN, (try? await time.sleep(for: .milliseconds(100))) == nil { break }
                    continue
                }
                let connection = Descriptor(owning: number)
                open += 1
                group.addTask { await serve(connection) }
            }
            group.cancelAll()
        }
    }

    private func serve(_ connection: Descriptor) async {
        do {
            let words = try await CommandLineWire.words(line(of: connection))
            let answer: CommandLineAnswer
            do {
                answer = try await ask(words)
            } catch {
                answer = CommandLineAnswer(exit: 2, error: "nanoclaw: \(error)")
            }
            let line = try answer.line()
            // A caller that does not read its answer goes without.
            try await limited("the reader of an answer") { try await connection.writeAll(line, time: time) }
        } catch {
            RunnerLog.write("a call of nanoclaw was not answered: \(error)")
        }
    }

    /// The call's line, its end taken off.
    private func line(of connection: Descriptor) async throws -> [UInt8] {
        try await limited("the line of a call") {
            var bytes: [UInt8] = []
            while true {
                let more = try await connection.nextBytes()
                bytes += more
                if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) { return Array(bytes[..<end]) }
                guard !more.isEmpty, bytes.count < CommandLineWire.longestCall else {
                    throw Errno(EMSGSIZE, "the line of a call")
                }
            }
        }
    }

    /// Does it within the time that a caller has.
    private func limited<Value: Sendable>(
        _ what: String,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await time.sleep(for: Self.patience)
                throw Errno(ETIMEDOUT, what)
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }
}
