package import Core
import Glibc
import LinuxIO

/// What systemd is told of a service: `sd_notify(3)` without its library, for it is one datagram.
package struct ServiceManager: Sendable {
    /// The socket's path; `@` at the start stands for an abstract one.
    private let address: String
    /// How long systemd waits for a sign of life; nil: it does not watch.
    package let watchdog: Duration?

    /// From NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID; nil when nobody wants to know.
    package init?(environment: [String: String], pid: Int32 = getpid()) {
        guard let address = environment["NOTIFY_SOCKET"], address.hasPrefix("/") || address.hasPrefix("@") else {
            return nil
        }
        self.address = address
        let isMeant = environment["WATCHDOG_PID"].map { $0 == String(pid) } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap(Int64.init) ?? 0
        watchdog = isMeant && microseconds > 0 ? .microseconds(microseconds) : nil
    }

    /// Sends `READY=1` and the like, one assignment a line.
    ///
    /// A manager that does not take it is none of the host's trouble.
    package func tell(_ text: String) {
        let number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { return }
        let descriptor = Descriptor(owning: number)
        let message = Array(text.utf8)
        _ = try? UnixAddress(address).with {
            sendto(descriptor.number, message, message.count, Int32(MSG_NOSIGNAL), $0, $1)
        }
    }

    /// Tells `WATCHDOG=1` three times in systemd's patience, each time only after `proof` has come back; until cancelled.
    ///
    /// A proof that does not come back ends the signs, and systemd ends the process.
    package func keepAlive(time: any TimeSource, proof: @Sendable () async throws -> Void) async throws {
        guard let watchdog else { return }
        while true {
            do {
                try await proof()
                tell("WATCHDOG=1")
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                tell("STATUS=no sign of life: \(String("\(error)".prefix(200)).replacing("\n", with: " "))")
            }
            try await time.sleep(for: watchdog / 3)
        }
    }
}
