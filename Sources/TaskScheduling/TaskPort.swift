package import CentralStore
package import Core
package import Scheduling

/// What the scheduler needs of the host: sessions to put runs into, and people to tell.
package protocol TaskPort: Sendable {
    /// Puts a run into its task's session and answers where it stands; durable when it returns.
    ///
    /// Asked again for the same run it answers the same row. Throws ``TaskRefusal`` for a run that can never be brought;
    /// after other errors it is tried again.
    func dispatch(_ run: TaskRun, of task: ScheduledTask) async throws -> TaskRow

    /// The run of this row is recorded: its session may begin.
    func wake(_ row: TaskRow) async

    /// What has become of the row; throws when the session's files do not answer.
    func fate(of row: TaskRow) async throws -> RowFate

    /// Tells people; returns once that is as durable as any message. Nobody to tell is no error.
    func tell(_ text: String, _ notice: RunVerdict.Notice, of run: TaskRun, _ task: ScheduledTask) async throws
}

/// The row of a session's `inbound.db` that a run stands in.
package struct TaskRow: Sendable, Hashable {
    package var session: SessionID
    package var message: MessageID

    package init(session: SessionID, message: MessageID) {
        self.session = session
        self.message = message
    }
}

/// What has become of a run's row.
package enum RowFate: Sendable, Equatable {
    /// It waits, or its turn is under way.
    case open
    case ended(RunState, detail: String?)
}

/// Why a run cannot be brought to its agent, now or later.
package struct TaskRefusal: Error, Sendable, CustomStringConvertible {
    package let description: String

    /// A refusal with this reason.
    package init(_ reason: String) { description = reason }
}
