package import Core
package import LinuxIO
import Synchronization

/// Shows a turn to whoever looks: datagrams that are dropped when nobody takes them.
package final class LiveSender: Sendable {
    private struct State {
        var turn: TurnID?
        var number = 0
    }

    private let socket: PacketSocket
    private let state = Mutex(State())

    /// A sender over this socket.
    package init(_ socket: PacketSocket) { self.socket = socket }

    /// The events that follow belong to this turn.
    package func begin(_ turn: TurnID) {
        state.withLock { $0 = State(turn: turn) }
    }

    /// Tells why nothing can be written just now, also before any turn has begun.
    package func wait(_ reason: String) {
        state.withLock { if $0.turn == nil { $0 = State(turn: .random()) } }
        send(.waiting(reason: reason))
    }

    /// Sends an event; text that does not fit one datagram goes in pieces, other long values are cut.
    package func send(_ body: LiveEvent.Body) {
        switch body {
        case .textChunk(let destination, let text):
            for piece in Self.pieces(text) { post(.textChunk(destination: destination, text: piece)) }
        case .thinking(let text):
            for piece in Self.pieces(text) { post(.thinking(text: piece)) }
        case .toolCall(let id, let name, let arguments):
            post(.toolCall(id: id, name: name, arguments: Self.cut(arguments)))
        case .toolResult(let id, let name, let isError, let summary, let milliseconds):
            post(
                .toolResult(
                    id: id,
                    name: name,
                    isError: isError,
                    summary: Self.cut(summary),
                    milliseconds: milliseconds
                )
            )
        case .waiting(let reason): post(.waiting(reason: Self.cut(reason)))
        case .started(let messages):
            post(.started(messages: Array(messages.prefix(100))))
        default:
            post(body)
        }
    }

    /// Most bytes of a text in one event; as JSON it may grow sixfold and still fits.
    private static let room = 1200

    private func post(_ body: LiveEvent.Body) {
        // The number is given and the datagram sent under one lock, so that they leave in order.
        state.withLock { state in
            guard let turn = state.turn else { return }
            state.number += 1
            let event = LiveEvent(turn: turn, number: state.number, body: body)
            guard let bytes = try? JSONText.data(event), bytes.count <= LiveEvent.maximumSize else { return }
            _ = try? socket.send(Array(bytes))
        }
    }

    static func pieces(_ text: String) -> [String] {
        var pieces: [String] = []
        var piece = ""
        for character in text {
            if piece.utf8.count + character.utf8.count > room, !piece.isEmpty {
                pieces.append(piece)
                piece = ""
            }
            piece.append(character)
        }
        return piece.isEmpty ? pieces : pieces + [piece]
    }

    private static func cut(_ text: String) -> String {
        text.utf8.count <= room ? text : String(decoding: text.utf8.prefix(room - 3), as: UTF8.self) + "…"
    }
}
