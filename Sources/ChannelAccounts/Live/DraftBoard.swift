import ChannelKit
package import Core
import Synchronization

/// Shows messages while agents write them, on channels that can, and gives their place to the finished ones.
///
/// For eyes only: no message waits for it longer than a few seconds, and none is lost with it.
package final class DraftBoard: Sendable {
    private struct Turn {
        var pages: [ChatAddress: DraftPage] = [:]
        /// What is still to come of messages that are delivered already: their words and rows come by different ways.
        var late: [ChatAddress: String] = [:]
    }

    private struct State {
        var turns = RecentTurns<Turn>()
        /// Turns that have ended, the newest last: what comes late of them is shown nowhere.
        var over: [TurnID] = []
        /// Drafts whose finished message is on its way, by its row.
        var leaving: [MessageID: DraftPage] = [:]
        var last: UInt64 = 0
    }

    private static let rememberedEnds = 256

    private let registry: ChannelRegistry
    private let time: any TimeSource
    private let state = Mutex(State())

    package init(registry: ChannelRegistry, time: any TimeSource) {
        self.registry = registry
        self.time = time
    }

    // MARK: - Writing

    /// A turn has written more of a message, under the name that the agent goes by.
    package func add(_ text: String, turn: TurnID, of session: SessionID, as agentName: String, at address: ChatAddress)
    {
        guard let adapter = registry.adapter(for: address), adapter.capabilities.drafts != .none else { return }
        state.withLock { state in
            guard !state.over.contains(turn) else { return }
            Self.open(turn, of: session, in: &state)
            if let rest = state.turns[turn]?.late[address], !rest.isEmpty, rest.hasPrefix(text) {
                state.turns[turn]?.late[address] = String(rest.dropFirst(text.count))
                return
            }
            state.turns[turn]?.late[address] = nil
            if let page = state.turns[turn]?.pages[address] { return page.write(text) }
            state.last += 1
            let page = DraftPage(state.last, turn: turn, at: address, by: agentName, adapter: adapter, time: time)
            page.write(text)
            page.start()
            state.turns[turn]?.pages[address] = page
        }
    }

    /// A turn asks its model anew: what it writes from now on is another answer.
    package func began(_ turn: TurnID) {
        state.withLock { state in
            state.turns[turn]?.late = [:]
            for page in (state.turns[turn]?.pages ?? [:]).values { page.rewrite() }
        }
    }

    private static func open(_ turn: TurnID, of session: SessionID, in state: inout State) {
        guard state.turns[turn] == nil else { return }
        if let oldest = state.turns.surplus(of: session) { close(oldest, in: &state) }
        state.turns.begin(turn, of: session, Turn())
    }

    private static func close(_ turn: TurnID, in state: inout State) {
        state.over.append(turn)
        if state.over.count > rememberedEnds { state.over.removeFirst() }
        let pages = state.turns.remove(turn)?.pages ?? [:]
        for page in pages.values { page.abandon() }
    }

    // MARK: - Finished messages

    /// A finished message is about to be sent: its draft ends, and a state that is being shown is waited for.
    ///
    /// Answers with the message whose place it takes; nil when it is sent as a new one. `takesPlace` is false for what is no
    /// text. The same for each attempt at one row.
    package func place(
        for row: MessageID,
        _ text: String,
        of turn: TurnID,
        at address: ChatAddress,
        takesPlace: Bool
    ) async -> String? {
        let page = state.withLock { state -> DraftPage? in
            if let page = state.leaving[row] { return page }
            guard state.turns[turn] != nil else { return nil }
            let page = state.turns[turn]?.pages.removeValue(forKey: address)
            let written = page?.text ?? ""
            state.turns[turn]?.late[address] = text.hasPrefix(written) ? String(text.dropFirst(written.count)) : nil
            state.leaving[row] = page
            return page
        }
        return await page?.close(givesPlace: takesPlace)
    }

    /// A finished message is with its platform, under this id where it gives one.
    package func delivered(_ row: MessageID, as platformMessageID: String?) {
        state.withLock { $0.leaving.removeValue(forKey: row) }?.became(platformMessageID)
    }

    /// A finished message will not be sent.
    package func gaveUp(_ row: MessageID) { state.withLock { $0.leaving.removeValue(forKey: row) }?.abandon() }

    // MARK: - Ends

    /// A turn is over and what it said was tried: what is left of it is no message.
    package func end(_ turn: TurnID) { state.withLock { Self.close(turn, in: &$0) } }

    /// Nobody writes in a session any more; turns of it that begin from now on are others.
    ///
    /// `delivering` returns once what was written has been tried.
    package func end(_ session: SessionID, delivering: @escaping @Sendable () async -> Void) {
        let turns = state.withLock { $0.turns.all(of: session) }
        guard !turns.isEmpty else { return }
        Task {
            await delivering()
            for turn in turns where state.withLock({ $0.turns[turn] != nil }) { end(turn) }
        }
    }
}
