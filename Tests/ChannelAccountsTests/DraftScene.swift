import ChannelKit
import Core
import Logging
import TestSupport
import Testing

@testable import ChannelAccounts

/// A board over one platform, with a clock that stands still.
struct DraftScene: Sendable {
    let time = ManualTime()
    let adapter: DraftingAdapter
    let board: DraftBoard
    let session = SessionID(unchecked: "s_1")
    let turn = TurnID(unchecked: "t_1")
    let chat = ChatAddress(channel: "played", platformID: "played:1:c")

    init(_ style: DraftStyle = .edits(every: .seconds(1))) {
        let silent = Logger(label: "drafts") { _ in SwiftLogNoOpLogHandler() }
        adapter = DraftingAdapter(style)
        board = DraftBoard(registry: ChannelRegistry([adapter], time: time, logger: silent), time: time)
    }

    func write(_ text: String, turn: TurnID? = nil) {
        board.add(text, turn: turn ?? self.turn, of: session, as: "Main", at: chat)
    }

    /// Turns the clock once somebody waits for it.
    func pass(_ duration: Duration) async throws {
        try await time.waitForSleepers()
        time.advance(by: duration)
    }

    /// Writes what is long enough to be shown, and returns once it is.
    func show(_ text: String) async throws {
        write(text)
        try await pass(.seconds(1))
        await adapter.diary.wait(for: "done new: \(text) …")
    }

    /// Delivers a finished message as the host does; answers with the id that is recorded.
    @discardableResult
    func finish(_ text: String, row: MessageID = .random()) async throws -> String? {
        let place = await board.place(for: row, text, of: turn, at: chat, takesPlace: true)
        let sent = try await adapter.deliver(
            OutboundMessage(
                idempotencyKey: row.rawValue,
                address: chat,
                body: .text(text, files: []),
                agentName: "Main",
                replaces: place,
                turn: turn
            )
        )
        board.delivered(row, as: sent.platformMessageID)
        return sent.platformMessageID
    }
}
