import ChannelKit
import ChannelNetwork
import Core
import Logging
import Synchronization

/// Socket Mode: keeps one socket open, and relieves it before Slack closes it.
struct SocketMode: Sendable {
    let desk: SlackDesk
    let health: HealthKeeper

    /// Whether something may have been missed since the last socket; at the start it may.
    private final class Gap: Sendable {
        private let state = Mutex((isOpen: true, number: 0))

        func begin() { state.withLock { $0.isOpen = true } }

        /// The number of the gap that ends here; nil without one.
        func end() -> Int? {
            state.withLock { state in
                guard state.isOpen else { return nil }
                state.isOpen = false
                state.number += 1
                return state.number
            }
        }
    }

    /// Runs until cancelled: the network's troubles end in health, not here.
    func run() async {
        let gap = Gap()
        let (events, told) = AsyncStream.makeStream(of: (event: SocketRotation.Event, why: String).self)
        var rotation = SocketRotation()
        var backoff = Backoff()
        var signals: [Int: SocketSignal] = [:]
        await withDiscardingTaskGroup { group in
            func open(_ id: Int, after pause: Duration) {
                let signal = SocketSignal()
                signals[id] = signal
                let link = SocketLink(
                    id: id,
                    desk: desk,
                    health: health,
                    tell: { told.yield(($0, "")) },
                    ready: { if let number = gap.end() { await desk.catchUp(number) } },
                    retiring: signal
                )
                group.addTask {
                    if pause > .zero { try? await desk.tools.time.sleep(for: pause) }
                    guard !Task.isCancelled else { return }
                    told.yield((.ended(id), await end(of: link)))
                }
            }
            func perform(_ actions: [SocketRotation.Action], _ why: String) {
                for action in actions {
                    switch action {
                    case .open(let id): open(id, after: .zero)
                    case .openLater(let id): open(id, after: backoff.failed(at: desk.tools.time.monotonic))
                    case .retire(let id): signals[id]?.send()
                    case .lost:
                        gap.begin()
                        health.lost(why)
                    }
                }
            }
            perform(rotation.start(), "")
            for await (event, why) in events {
                switch event {
                case .hello: backoff.succeeded(at: desk.tools.time.monotonic)
                case .ended(let id): signals[id] = nil
                // Nothing goes to the old socket any more, and the new one is not there yet.
                case .refresh: gap.begin()
                }
                perform(rotation.handle(event), why)
            }
            group.cancelAll()
        }
    }

    /// Holds a socket and says why it has ended.
    private func end(of link: SocketLink) async -> String {
        do {
            try await link.run()
            return "Slack has closed the socket; another is being opened"
        } catch {
            let why = (error as? SlackError)?.message ?? (error as? NetworkError)?.message ?? "\(error)"
            if !Task.isCancelled {
                desk.tools.logger.info(
                    "A socket to Slack has ended",
                    metadata: ["socket": "\(link.id)", "why": "\(why)"]
                )
            }
            return "There is no socket to Slack: \(why)"
        }
    }
}
