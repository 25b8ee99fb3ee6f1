import AgentRuntime
import AgentTools
import Core
import Glibc
import LinuxIO
import ModelProviders
import SessionStore
import SessionStoreHost
import TestSupport
import Testing

/// `nanoclaw` in the tool tier calls the runner, the test is the host.
@Suite(.timeLimit(.minutes(1))) struct CommandLineTests {
    /// A connection that has sent this line.
    private func connect(_ session: RunnerFixture, _ line: [UInt8]) throws -> Descriptor {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let connection = Descriptor(owning: try Errno.check(socket(AF_INET, kind, 0), "socket"))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = session.callPort.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(connection.number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Errno.last("connect") }
        try connection.write(line)
        try connection.setNonBlocking()
        return connection
    }

    /// All that comes back.
    private func answer(_ connection: Descriptor) async throws -> CommandLineAnswer? {
        var bytes: [UInt8] = []
        while true {
            let more = try await connection.nextBytes()
            if more.isEmpty { break }
            bytes += more
        }
        return bytes.isEmpty ? nil : try JSONText.decode(CommandLineAnswer.self, bytes)
    }

    /// The words of a request and its id, once the runner has written it.
    private func request(_ session: RunnerFixture, after seq: Int64 = 0) async throws -> (MessageID, [String], Int64) {
        try await session.wait(until: { try session.sent().contains { $0.kind == "system" && $0.seq > seq } })
        let row = try #require(try session.sent().first { $0.kind == "system" && $0.seq > seq })
        guard case .system(let action) = row.content, action.action == "cli" else {
            throw CoreError(.invalidContent, "no call")
        }
        let words = try JSONValue(parsing: action.arguments)[key: "words"]?.array?.compactMap(\.string) ?? []
        return (try session.id(ofRow: row.seq), words, row.seq)
    }

    private func reply(
        _ session: RunnerFixture,
        _ request: MessageID,
        _ status: String,
        _ text: String
    ) async throws -> MessageID {
        try await session.put(
            .system(SystemContent(action: "cli", status: status, about: request, text: text)),
            trigger: false
        )
    }

    @Test func `a call without a turn is carried to the host and answered, and starts none`() async throws {
        let provider = ScriptedProvider([])
        try await withRunner(provider) { session in
            let connection = try connect(session, try CommandLineWire.call(["sessions", "list", "--json"]))
            let (id, words, seq) = try await request(session)
            #expect(words == ["sessions", "list", "--json"])
            let row = try await reply(session, id, "ok", "[]")
            #expect(try await answer(connection) == CommandLineAnswer(exit: 0, output: "[]"))
            try await session.waitForEnd(of: row)
            // Refused, and waiting for somebody.
            var last = seq
            for status in ["error", "pending"] {
                let connection = try connect(session, try CommandLineWire.call(["members", "add", "x"]))
                let (id, _, next) = try await request(session, after: last)
                last = next
                _ = try await reply(session, id, status, "words of the host")
                let answer = try await answer(connection)
                #expect(answer?.exit == 1 && answer?.error.contains("words of the host") == true)
            }
            #expect(provider.requests.isEmpty)
        }
    }

    @Test func `what is no call gets no answer, and the next one does`() async throws {
        try await withRunner(ScriptedProvider([])) { session in
            #expect(try await answer(try connect(session, Array("not json\n".utf8))) == nil)
            let long = [UInt8](repeating: UInt8(ascii: "x"), count: CommandLineWire.longestCall)
            #expect((try? await answer(try connect(session, long))) ?? nil == nil)
            #expect(try session.sent().isEmpty)
            let connection = try connect(session, try CommandLineWire.call(["help"]))
            let (id, _, _) = try await request(session)
            _ = try await reply(session, id, "ok", "help")
            #expect(try await answer(connection)?.output == "help")
        }
    }

    @Test func `a host that does not answer is told after 30 s`() async throws {
        try await withRunner(ScriptedProvider([])) { session in
            let connection = try connect(session, try CommandLineWire.call(["help"]))
            _ = try await request(session)
            for _ in 0..<31 { try await session.second() }
            let answer = try await answer(connection)
            #expect(answer?.exit == 2 && answer?.error.contains("within 30 s") == true)
        }
    }
}
