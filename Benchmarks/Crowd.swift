import ControlProtocol
import Core
import Foundation
import Synchronization

/// Many chats at once: each sends its next message when the turn of the one before has ended, and not before its time.
struct Crowd {
    /// A connection has eight open requests at most: an attached chat for each of these, a message, and one whose turn has
    /// ended before it was answered itself.
    private static let chatsPerConnection = 2

    let home: String
    let chats: [String]
    /// When a chat's message is to be sent, counted by the turns before it; nil for as soon as may be.
    var due: (@Sendable (_ chat: Int, _ turns: Int) -> ContinuousClock.Instant)?

    /// Drives all chats until `more` answers false for each; it is asked with the chat's index and its turns so far.
    ///
    /// `ended` gets the milliseconds from the client's sending a message, or from the time at which it was to, until it
    /// knows of the end of its turn, with all that the turn said.
    func drive(
        more: @escaping @Sendable (_ chat: Int, _ turns: Int) -> Bool,
        ended: @escaping @Sendable (_ chat: Int, _ time: Double) -> Void
    ) async throws {
        // Who waits for a chat's time reads nothing meanwhile.
        let share = due == nil ? Self.chatsPerConnection : 1
        try await withThrowingTaskGroup(of: Void.self) { group in
            for first in stride(from: 0, to: chats.count, by: share) {
                let part = first..<min(first + share, chats.count)
                group.addTask {
                    var line = CrowdConnection(
                        try ControlAddress.connect(home: home),
                        chats: part.map { ($0, chats[$0]) },
                        due: due,
                        more: more,
                        ended: ended
                    )
                    try await line.run()
                }
            }
            try await group.waitForAll()
        }
    }
}

/// One connection of the crowd and the chats that are attached on it.
///
/// It shares the machine's cores with what it measures, so it reads only the frames that it needs: a chat's beginning,
/// the ends of its turns, and errors.
private struct CrowdConnection {
    private struct Chat {
        let index: Int
        let name: String
        var turns = 0
        var message = ""
        var sentAt = ContinuousClock.now
        var isOver = false
    }

    private let connection: ControlConnection
    private var chats: [Chat]
    private let due: (@Sendable (Int, Int) -> ContinuousClock.Instant)?
    private let more: @Sendable (Int, Int) -> Bool
    private let ended: @Sendable (Int, Double) -> Void
    private var requests = 0

    private static let signs = ["\"turnEnded\":", "\"attached\":", "\"error\":"].map { Data($0.utf8) }

    init(
        _ connection: ControlConnection,
        chats: [(index: Int, name: String)],
        due: (@Sendable (Int, Int) -> ContinuousClock.Instant)?,
        more: @escaping @Sendable (Int, Int) -> Bool,
        ended: @escaping @Sendable (Int, Double) -> Void
    ) {
        self.connection = connection
        self.chats = chats.map { Chat(index: $0.index, name: $0.name) }
        self.due = due
        self.more = more
        self.ended = ended
    }

    /// Drives the chats until each is over.
    mutating func run() async throws {
        defer { connection.shutDown() }
        for (place, chat) in chats.enumerated() {
            try await ask("attach-\(place)", "chat attach", ["chat": .string(chat.name)])
        }
        var splitter = LineSplitter()
        while chats.contains(where: { !$0.isOver }) {
            let bytes = try await connection.read()
            guard !bytes.isEmpty else { throw Options.Usage("the host ended a connection") }
            for line in try splitter.append(bytes) {
                let data = Data(line)
                guard Self.signs.contains(where: { data.range(of: $0) != nil }) else { continue }
                try await take(try ControlReply(line: line))
            }
        }
    }

    private mutating func ask(_ id: String, _ command: String, _ arguments: [String: JSONValue]) async throws {
        try await connection.write(try ControlRequest(id: id, command: command, arguments: arguments).line())
    }

    private mutating func take(_ reply: ControlReply) async throws {
        switch reply.body {
        case .failure(let error): throw error
        case .result: return
        case .event(let frame):
            guard let place = reply.id.split(separator: "-").last.flatMap({ Int($0) }) else { return }
            if frame[key: "attached"] != nil { return try await sendNext(place) }
            guard let end = frame[key: "turnEnded"],
                end[key: "platformMessageIDs"]?.array?.contains(.string(chats[place].message)) == true
            else { return }
            guard end[key: "outcome"] == "completed" else {
                throw Options.Usage("a turn of \(chats[place].name) ended as \(end)")
            }
            chats[place].turns += 1
            ended(chats[place].index, (ContinuousClock.now - chats[place].sentAt).inMilliseconds)
            try await sendNext(place)
        }
    }

    private mutating func sendNext(_ place: Int) async throws {
        guard more(chats[place].index, chats[place].turns) else {
            chats[place].isOver = true
            return
        }
        chats[place].message = MessageID.random().rawValue
        let time = due?(chats[place].index, chats[place].turns)
        // The rate is one of real time.
        if let time { try await Task.sleep(until: time, clock: .continuous) }
        chats[place].sentAt = time ?? .now
        requests += 1
        try await ask(
            "send-\(requests)",
            "chat send",
            ["chat": .string(chats[place].name), "text": "hello", "id": .string(chats[place].message)]
        )
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
