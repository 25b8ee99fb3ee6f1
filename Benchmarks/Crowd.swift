import Commands
import ControlProtocol
import Core
import Synchronization

/// Many chats at once: each sends its next message when the turn of the one before has ended.
struct Crowd {
    /// A connection has eight open requests at most: an attached chat and a message for each of these.
    private static let chatsPerConnection = 4

    let home: String
    let chats: [String]

    /// Drives all chats until `more` answers false for each; it is asked with the chat's index and its turns so far.
    ///
    /// `ended` gets the milliseconds from the client's sending a message until it knows of the end of its turn, with
    /// all that the turn said.
    func drive(
        more: @escaping @Sendable (_ chat: Int, _ turns: Int) -> Bool,
        ended: @escaping @Sendable (_ chat: Int, _ time: Double) -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for first in stride(from: 0, to: chats.count, by: Self.chatsPerConnection) {
                let part = first..<min(first + Self.chatsPerConnection, chats.count)
                group.addTask {
                    try await HostClient.with(home: home) { client in
                        try await withThrowingTaskGroup(of: Void.self) { group in
                            for chat in part {
                                group.addTask { try await follow(client, chat, more: more, ended: ended) }
                            }
                            try await group.waitForAll()
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func follow(
        _ client: HostClient,
        _ chat: Int,
        more: @escaping @Sendable (Int, Int) -> Bool,
        ended: @escaping @Sendable (Int, Double) -> Void
    ) async throws {
        let state = Mutex((turns: 0, id: "", start: ContinuousClock.now))
        @Sendable func sendNext() async throws -> Bool {
            guard more(chat, state.withLock { $0.turns }) else { return false }
            let id = MessageID.random().rawValue
            state.withLock { state in
                state.id = id
                state.start = .now
            }
            _ = try await client.call(
                "chat send",
                ["chat": .string(chats[chat]), "text": "hello", "id": .string(id)]
            )
            return true
        }
        try await client.stream("chat attach", ["chat": .string(chats[chat])]) { frame in
            if frame[key: "attached"] != nil { return try await sendNext() }
            guard let end = frame[key: "turnEnded"] else { return true }
            let (id, start) = state.withLock { ($0.id, $0.start) }
            guard end[key: "platformMessageIDs"]?.array?.contains(.string(id)) == true else { return true }
            guard end[key: "outcome"] == "completed" else {
                throw Options.Usage("a turn of \(chats[chat]) ended as \(end)")
            }
            state.withLock { $0.turns += 1 }
            ended(chat, (ContinuousClock.now - start).inMilliseconds)
            return try await sendNext()
        }
    }
}

/// Times by chat, from many tasks.
final class Times: Sendable {
    private let state: Mutex<[[Double]]>

    init(chats: Int) { state = Mutex(Array(repeating: [], count: chats)) }

    func add(_ chat: Int, _ time: Double) { state.withLock { $0[chat].append(time) } }

    /// The times of each chat.
    var byChat: [[Double]] { state.withLock { $0 } }

    var all: [Double] { byChat.flatMap(\.self) }
}
