import AgentTools
import CLinux
import Core
import Glibc
import LinuxIO
import SessionStore

/// The runner as a process of the sandbox: its descriptors and environment, its exit status.
package enum RunnerProcess {
    /// Descriptors that the launcher leaves open.
    private enum Inherited: Int32 {
        case bell = 3
        case live = 4
        /// Behind the lock, which is only held.
        case commandLine = 6
    }

    /// Runs the loop to its end.
    ///
    /// Answers the exit status, a ``RunnerExit``.
    package static func run() async -> Int32 {
        SQLiteLibrary.begin()
        do {
            let termination = Descriptor(owning: try Errno.check(clinux_termination_pipe(), "sigaction SIGTERM"))
            guard let text = getenv("NANOCLAW_INCARNATION"), let incarnation = Incarnation(String(cString: text)),
                // The one socket over which this tier may pass descriptors has a number of the launcher's choice.
                let tools = getenv("NANOCLAW_TOOLS"), let toolInit = Int32(String(cString: tools))
            else {
                RunnerLog.write(
                    "NANOCLAW_INCARNATION or NANOCLAW_TOOLS is no number: this program is started by nanoclaw-sandbox"
                )
                return RunnerExit.unusable.rawValue
            }
            var settings = RunnerSettings(
                incarnation: incarnation,
                bell: try socket(Inherited.bell.rawValue),
                live: try socket(Inherited.live.rawValue),
                toolInit: try socket(toolInit)
            )
            settings.commandLine = try listener(.commandLine)
            settings.toolPlaces.timeZone = getenv("TZ").map { String(cString: $0) }
            let runner = try Runner(settings)
            let watch = Task {
                try await Readiness.shared.readable(termination)
                await runner.stop()
                // A turn that does not let go in time is left behind; its rows are repeated.
                try await SystemTime().sleep(for: .milliseconds(800))
                RunnerLog.write("ends in the middle of a turn")
                exit(0)
            }
            defer { watch.cancel() }
            // Not as a clean end: without tools from the start, the messages' tries are counted.
            return (try await runner.run() == .toolsGone ? RunnerExit.toolsGone : .clean).rawValue
        } catch {
            RunnerLog.write("\(error)")
            return ending(of: error).rawValue
        }
    }

    private static func ending(of error: any Error) -> RunnerExit {
        switch (error as? StoreError)?.code {
        case .diskFull: .diskFull
        case .inputOutput: .diskFailing
        default: .failed
        }
    }

    /// Brings `outbound.db` back to its last commit.
    ///
    /// Answers the exit status, a ``RunnerExit``.
    package static func recover(outbound: String = "/workspace/outbound") -> Int32 {
        do {
            crashPoint("rollback.beginning")
            try RunnerSession.recover(outbound: outbound)
            crashPoint("rollback.done")
            return 0
        } catch {
            RunnerLog.write("\(error)")
            // A recovery makes no file larger: what SQLite calls full is the disk, whose own word is lost in the rollback.
            if (error as? StoreError)?.code == .fileFull { return RunnerExit.diskFull.rawValue }
            return ending(of: error).rawValue
        }
    }

    private static func listener(_ which: Inherited) throws -> Descriptor {
        guard fcntl(which.rawValue, F_SETFD, FD_CLOEXEC) == 0 else { throw Errno.last("descriptor \(which.rawValue)") }
        let listener = Descriptor(owning: which.rawValue)
        try listener.setNonBlocking()
        return listener
    }

    private static func socket(_ number: Int32) throws -> PacketSocket {
        guard fcntl(number, F_SETFD, FD_CLOEXEC) == 0 else { throw Errno.last("descriptor \(number)") }
        return PacketSocket(Descriptor(owning: number))
    }
}
