import AgentRequests
import CentralStore
import Core
import GRDB
import Logging
import SessionStore
import SessionStoreHost
import Synchronization

/// The actions that this host knows, by name; those who have some add them before the host accepts anything.
final class HostActions: Sendable {
    private let actions = Mutex<[String: any HostAction]>([:])

    /// Adds actions; of two with one name the later counts.
    func add(_ more: [any HostAction]) {
        actions.withLock { actions in for action in more { actions[action.name] = action } }
    }

    /// The names of all actions, sorted.
    var names: [String] { actions.withLock { $0.keys.sorted() } }

    /// Whether there is an action of this name; a request for another costs nothing.
    func knows(_ name: String) -> Bool { actions.withLock { $0[name] != nil } }

    /// Whether an answer of this action that no tool takes starts a turn.
    func startsTurn(_ name: String) -> Bool { actions.withLock { $0[name]?.startsTurn ?? true } }

    /// What became of a row that asks for something.
    enum Result: Sendable {
        /// Nobody knows the action, or its row cannot be read.
        case unknown(String)
        /// A store did not answer, or the host ends: the row waits.
        case unavailable(String)
        case done(HostActionOutcome)
        case refused(HostActionRefusal)
    }

    /// Carries out what a recorded row asks for, within that time.
    func perform(
        _ action: OutboundAction,
        _ delivery: Delivery,
        of session: SessionHandle,
        within limit: Duration,
        time: any TimeSource
    ) async -> Result {
        guard let handler = actions.withLock({ $0[action.action] }) else {
            return .unknown("the host knows no action \"\(action.action.prefix(60))\"; nothing was changed")
        }
        do {
            let request = HostActionRequest(
                id: delivery.message,
                session: session,
                inReplyTo: delivery.inReplyTo,
                turn: delivery.turn,
                arguments: try ActionArguments(action)
            )
            guard let outcome = try await Deadline.run(limit, time, { try await handler.perform(request) }) else {
                throw HostActionRefusal(
                    "the host did not finish this within \(limit.components.seconds) s; whether it is done is not known"
                )
            }
            return .done(outcome)
        } catch let error as HostActionRefusal {
            return .refused(error)
        } catch {
            if Task.isCancelled || Self.mayPass(error) { return .unavailable("\(error)") }
            return .refused(HostActionRefusal("\(error)"))
        }
    }

    /// Errors of stores that another try may not meet.
    private static func mayPass(_ error: any Error) -> Bool {
        if DiskFailure(error) != nil { return true }
        switch error {
        case let error as SessionStore.StoreError: return [.busy, .fileFull, .queueFull].contains(error.code)
        case let error as DatabaseError: return [.SQLITE_BUSY, .SQLITE_LOCKED].contains(error.resultCode)
        case let error as HostError: return error.code == .unavailable
        case is CancellationError: return true
        default: return false
        }
    }
}
