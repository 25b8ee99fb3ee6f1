import CLinux
import ControlProtocol
import Core
import Glibc
import LinuxIO
import Synchronization

/// `nanoclaw chat` at a terminal: keys, host and signals meet in one loop around a ``ChatModel``.
struct Conversation {
    let home: String
    let chat: String

    private static let historyLines = 500

    /// Talks until the person leaves; returns the exit status.
    func run() async throws -> Int32 {
        DisplayWidth.useUnicode()
        // The terminal's own descriptors stay open for the whole process.
        let input = try Descriptor(owning: dup(STDIN_FILENO)).duplicate()
        let output = try Descriptor(owning: dup(STDOUT_FILENO)).duplicate()
        let past = try await HostClient.with(home: home) { client in
            try await client.call(
                "chat history",
                ["chat": .string(chat), "limit": .integer(Int64(Self.historyLines))]
            )
            .decoded(as: [ChatEntry].self)
        }
        let typed = past.filter { $0.direction == "in" }.map(\.text)
        return try await RawTerminal.with(input: input, output: output) { terminal in
            var screen = Screen(output)
            let model = ChatModel(chat: chat, history: typed)
            try screen.print(Style.note("chat \(chat); Ctrl-C stops a turn, Ctrl-D leaves"))
            return try await loop(HostLink(home: home), terminal, input, &screen, model)
        }
    }

    private func loop(
        _ link: HostLink,
        _ terminal: RawTerminal,
        _ input: Descriptor,
        _ screen: inout Screen,
        _ start: ChatModel
    ) async throws -> Int32 {
        let (events, feed) = AsyncStream.makeStream(of: ChatModel.Event.self)
        let (seen, seenFeed) = AsyncStream.makeStream(of: Int64.self, bufferingPolicy: .bufferingNewest(1))
        let failure = Failure()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            let signals = try TerminalSignals()
            group.addTask { try await signals.follow(feed) }
            group.addTask { await Self.readKeys(input, feed) }
            group.addTask {
                do {
                    try await link.run { client in
                        try await client.stream("chat attach", ["chat": .string(chat), "from": "unread"]) { value in
                            feed.yield(.frame(try value.decoded(as: ChatFrame.self)))
                            return true
                        }
                    } lost: {
                        feed.yield(.lost)
                    }
                } catch {
                    failure.error.withLock { $0 = error }
                }
                feed.yield(.ended(status: CommandFailure.Status.noHost.rawValue))
            }
            group.addTask {
                // What could not be told is told with the next one, or when the person leaves.
                for await position in seen { try? await report(link, position) }
            }
            var model = start
            var position: Int64 = 0
            try screen.show(prompt: Style.prompt, model.buffer)
            for await event in events {
                for action in model.handle(event) {
                    switch action {
                    case .print(let text): try screen.print(text)
                    case .stream(let text): try screen.stream(text)
                    case .endStream: try screen.endStream()
                    case .prompt: try screen.show(prompt: Style.prompt, model.buffer)
                    case .resize: try screen.resize()
                    case .clearScreen: try screen.resize(clearing: true)
                    case .send(let id, let text): group.addTask { await send(link, id, text, feed) }
                    case .stop: group.addTask { await stop(link, feed) }
                    case .seen(let last):
                        position = last
                        seenFeed.yield(last)
                    case .suspend:
                        try screen.hide()
                        try terminal.suspend()
                        try screen.resize()
                    case .leave(let status):
                        try screen.leave()
                        if position > 0, status != CommandFailure.Status.noHost.rawValue {
                            // What was shown must not be shown again; a host that is gone cannot be told.
                            try? await report(link, position)
                        }
                        if let error = failure.error.withLock({ $0 }) { throw error }
                        return status
                    }
                }
            }
            return 0
        }
    }

    private func report(_ link: HostLink, _ position: Int64) async throws {
        _ = try await link.call("chat seen", ["chat": .string(chat), "position": .integer(position)])
    }

    private func send(
        _ link: HostLink,
        _ id: String,
        _ text: String,
        _ feed: AsyncStream<ChatModel.Event>.Continuation
    ) async {
        do {
            let arguments: [String: JSONValue?] = ["chat": .string(chat), "text": .string(text), "id": .string(id)]
            feed.yield(.sent(try await link.call("chat send", arguments).decoded(as: ChatSent.self)))
        } catch {
            feed.yield(.refused(id: id, text: text, reason: "\(error)"))
        }
    }

    private func stop(_ link: HostLink, _ feed: AsyncStream<ChatModel.Event>.Continuation) async {
        do {
            let answer = try await link.call("chat stop", ["chat": .string(chat)])
            feed.yield(.stopped(turns: Int(answer[key: "stopped"]?.integer ?? 0)))
        } catch {
            feed.yield(.refused(id: "", text: "", reason: "\(error)"))
        }
    }

    private static func readKeys(_ input: Descriptor, _ feed: AsyncStream<ChatModel.Event>.Continuation) async {
        var decoder = KeyDecoder()
        do {
            while true {
                try await Readiness.shared.readable(input)
                let bytes = try input.read(upTo: 4096)
                if bytes.isEmpty { break }
                for key in decoder.append(bytes) { feed.yield(.key(key)) }
            }
        } catch is CancellationError {
            return
        } catch {
            // EIO: the terminal is gone.
        }
        feed.yield(.ended(status: 0))
    }
}

/// Why the connection to the host ended.
private final class Failure: Sendable {
    let error = Mutex<(any Error)?>(nil)
}

/// Signals that an interactive chat takes as events; none is lost from here on.
private struct TerminalSignals {
    private let pipe: Descriptor

    init() throws {
        let signals = [SIGWINCH, SIGINT, SIGTERM, SIGHUP]
        pipe = Descriptor(owning: try Errno.check(clinux_signal_pipe(signals, Int32(signals.count)), "sigaction"))
    }

    /// Hands each signal on until cancelled.
    func follow(_ feed: AsyncStream<ChatModel.Event>.Continuation) async throws {
        while true {
            try await Readiness.shared.readable(pipe)
            for number in try pipe.read(upTo: 64).map(Int32.init) {
                switch number {
                case SIGWINCH: feed.yield(.resized)
                case SIGINT: feed.yield(.key(.interrupt))
                default: feed.yield(.ended(status: 128 + number))
                }
            }
        }
    }
}
