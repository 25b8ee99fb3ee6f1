package import ChannelKit
import Core

/// What an adapter handed over, in order.
package struct InboxLog: Sendable {
    /// One thing that was handed over.
    package enum Item: Sendable, Equatable {
        case event(InboundEvent)
        case change(ChatChange)
        case answer(CardAnswer)

        var dedupKey: String {
            switch self {
            case .event(let event): event.dedupKey
            case .change(let change): change.dedupKey
            case .answer(let answer): answer.dedupKey
            }
        }
    }

    /// What was taken.
    package var items: [Item] = []
    /// What was refused: the inbox threw.
    package var refused: [Item] = []
    /// SHA-256 in hex of each file that was taken, by the path it had or its name.
    package var files: [(name: String, path: String?, digest: String)] = []

    package var events: [InboundEvent] {
        items.compactMap { if case .event(let event) = $0 { event } else { nil } }
    }
    package var changes: [ChatChange] {
        items.compactMap { if case .change(let change) = $0 { change } else { nil } }
    }
    package var answers: [CardAnswer] {
        items.compactMap { if case .answer(let answer) = $0 { answer } else { nil } }
    }
    /// Texts of the events that were taken.
    package var texts: [String] { events.map(\.content.text) }

    /// What is there, for the words of a failure.
    var summary: String {
        let taken = items.map(Self.line).joined(separator: ", ")
        return "\(taken.isEmpty ? "nothing" : taken); refused: \(refused.count)"
    }

    private static func line(_ item: Item) -> String {
        switch item {
        case .event(let event): "\"\(event.content.text.prefix(200))\" in \(event.address) with key \(event.dedupKey)"
        case .change(let change): "\(change.kind) with key \(change.dedupKey)"
        case .answer(let answer): "\(answer.choice) of \(answer.card) with key \(answer.dedupKey)"
        }
    }

    /// The same, each message only the first time that it was handed over.
    var distinctTexts: [String] {
        var seen: Set<String> = []
        return events.filter { seen.insert($0.dedupKey).inserted }.map(\.content.text)
    }

    /// The keys under which a text was handed over, refusals included.
    func keys(of text: String) -> Set<String> {
        Set(
            (refused + items).compactMap { item in
                guard case .event(let event) = item, event.content.text == text else { return nil }
                return event.dedupKey
            }
        )
    }
}
