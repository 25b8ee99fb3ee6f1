import ChannelKit
package import Core
import Synchronization

/// Says in chats that a long turn is still at work, while nothing else of it is to be seen.
///
/// Only where messages are shown while they are written as well: such platforms can edit, and nobody there gets a new
/// message each minute. For eyes only: what runners claim of their turns is never relied on.
package final class StatusBoard: Sendable {
    private typealias Lines = [ChatAddress: StatusLine]

    private static let placesOfTurn = 8
    /// Characters of what a turn says that it does.
    private static let longestName = 40

    private let registry: ChannelRegistry
    private let time: any TimeSource
    private let turns = Mutex(RecentTurns<Lines>())

    package init(registry: ChannelRegistry, time: any TimeSource) {
        self.registry = registry
        self.time = time
    }

    /// A turn has begun to work at what people wrote in these places, under the name that the agent goes by.
    package func began(_ turn: TurnID, of session: SessionID, as agentName: String, at places: Set<ChatAddress>) {
        let places = places.prefix(Self.placesOfTurn).compactMap { place in
            adapter(for: place).map { (place: place, adapter: $0) }
        }
        guard !places.isEmpty else { return }
        turns.withLock { turns in
            guard turns[turn] == nil else { return }
            if let oldest = turns.surplus(of: session) { Self.close(oldest, in: &turns) }
            let lines = places.map { place, adapter in
                let shape = EditedMessage(at: place, by: agentName, about: turn)
                return (place, StatusLine(shape, adapter: adapter, time: time))
            }
            for (_, line) in lines { line.start() }
            turns.begin(turn, of: session, Dictionary(lines) { first, _ in first })
        }
    }

    /// The turn does this now: the name of a tool; nil when it thinks.
    package func does(_ name: String?, in turn: TurnID) {
        let shown = name.map { $0.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) } }
        let doing = shown.flatMap { $0.isEmpty ? nil : String($0.prefix(Self.longestName)) }
        each(turn) { $0.does(doing) }
    }

    /// The turn waits for a person: until it does something again it is not at work.
    package func waits(_ turn: TurnID) { each(turn) { $0.waits() } }

    /// Something of the turn is to be seen in a place: the time until the next word begins anew.
    package func isSeen(_ turn: TurnID, at place: ChatAddress) {
        turns.withLock { $0[turn]?[place] }?.postpone()
    }

    private func each(_ turn: TurnID, _ body: (StatusLine) -> Void) {
        let lines = turns.withLock { $0[turn] ?? [:] }
        for line in lines.values { body(line) }
    }

    /// A turn is over.
    package func end(_ turn: TurnID) { turns.withLock { Self.close(turn, in: &$0) } }

    /// Nobody works in a session any more.
    package func end(_ session: SessionID) {
        turns.withLock { turns in
            for turn in turns.all(of: session) { Self.close(turn, in: &turns) }
        }
    }

    /// The adapter of a place, where it can show a line.
    private func adapter(for place: ChatAddress) -> (any ChannelAdapter)? {
        guard let adapter = registry.adapter(for: place) else { return nil }
        return adapter.capabilities.edits && adapter.capabilities.drafts != .none ? adapter : nil
    }

    private static func close(_ turn: TurnID, in turns: inout RecentTurns<Lines>) {
        for line in (turns.remove(turn) ?? [:]).values { line.close() }
    }
}
