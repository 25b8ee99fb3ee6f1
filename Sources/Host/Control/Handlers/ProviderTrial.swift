import CentralStore
import ControlProtocol
import Core
import Egress
import Glibc
import LinuxIO
import Logging
import ModelProviders

/// One tiny question to a provider's model, on the way of every turn: the runner's client, the host's model route with
/// the key, the model server.
///
/// Only the sandbox is left out; in its place stands a listener on the loopback of this machine. What reaches the
/// provider there is a path that nobody can guess, and it goes with the answer.
struct ProviderTrial: Sendable {
    let provider: Provider
    let upstream: ModelUpstream
    let time: any TimeSource
    /// For the answer's first byte, and between two pieces of it.
    var patience = Duration.seconds(60)

    private static let question = "This is a test of the connection. Answer with the one word: ok"

    /// Asks and answers what came back.
    ///
    /// Throws ``ControlError`` that says why nothing did.
    func run() async throws -> JSONValue {
        let (listener, port) = try Self.listen()
        let secret = String((0..<32).map { _ in "0123456789abcdef".randomElement() ?? "0" })
        let upstream = upstream
        return try await withThrowingTaskGroup(of: JSONValue?.self) { group in
            group.addTask {
                try await ModelRoute().serve(
                    listener: listener,
                    session: "test",
                    logger: Logger(label: "models") { _ in SwiftLogNoOpLogHandler() }
                ) { $0 == secret ? upstream : nil }
                return nil
            }
            group.addTask { try await self.ask(port, secret) }
            defer { group.cancelAll() }
            while let value = try await group.next() {
                if let value { return value }
            }
            throw ControlError(.failed, "the test ended without an answer")
        }
    }

    private func ask(_ port: Int, _ secret: String) async throws -> JSONValue {
        var timeouts = ModelTimeouts()
        timeouts.firstByte = patience
        timeouts.silence = patience
        let model = ModelProviders.make(
            kind: provider.kind,
            endpoint: ModelEndpoint(port: port, path: "/model/\(secret)"),
            timeouts: timeouts
        )
        let request = ModelRequest(
            model: provider.model,
            system: "",
            messages: [.user(Self.question)],
            maximumOutputTokens: 64
        )
        let start = time.monotonic
        var text = ""
        var tokens: (input: Int?, output: Int?) = (nil, nil)
        do {
            for try await event in model.stream(request) {
                switch event {
                case .textDelta(let piece): text += piece
                case .usage(let input, let output, _): tokens = (input ?? tokens.input, output ?? tokens.output)
                case .thinkingDelta, .toolCall, .finished: break
                }
            }
        } catch let error as ModelError {
            throw ControlError(.failed, "provider \(provider.name): \(error.message)")
        }
        try Task.checkCancellation()
        return .object([
            "name": .string(provider.name), "model": .string(provider.model),
            "milliseconds": .integer((time.monotonic - start).milliseconds),
            "text": .string(String(text.prefix(500))),
            "input_tokens": tokens.input.map { .integer(Int64($0)) } ?? .null,
            "output_tokens": tokens.output.map { .integer(Int64($0)) } ?? .null,
        ])
    }

    /// A TCP listener on a free port of the loopback.
    private static func listen() throws -> (Descriptor, port: Int) {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw Errno.last("socket") }
        let listener = Descriptor(owning: number)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(number, address, length) == 0 && Glibc.listen(number, 4) == 0
                    && getsockname(number, address, &length) == 0
            }
        }
        guard isBound else { throw Errno.last("listen on 127.0.0.1") }
        try listener.setNonBlocking()
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }
}
