import ControlProtocol
import Core
import LinuxIO
import Synchronization

/// The connection of a long conversation: made again, after pauses that grow, whenever the host ends it.
final class HostLink: Sendable {
    private let home: String
    private let time: any TimeSource
    private let client = Mutex<HostClient?>(nil)

    /// Connects to nobody before ``run(_:lost:)``.
    init(home: String, time: any TimeSource = SystemTime()) {
        self.home = home
        self.time = time
    }

    /// One request on the connection of this moment; throws `noHost` at once while there is none.
    func call(_ command: String, _ arguments: [String: JSONValue?] = [:]) async throws -> JSONValue {
        guard let client = client.withLock({ $0 }) else {
            throw CommandFailure(.noHost, "the host is not back yet")
        }
        return try await client.call(command, arguments)
    }

    /// Runs the body with each connection, one after the other, until cancelled.
    ///
    /// `lost` is called once for each connection that the host ended. Throws what the first connection fails by, and
    /// what a host refuses.
    func run(_ body: (HostClient) async throws -> Void, lost: () -> Void) async throws {
        var hadOne = false
        var pause = Self.shortestPause
        while true {
            var isConnected = false
            do {
                try await HostClient.with(home: home) { client in
                    self.client.withLock { $0 = client }
                    defer { self.client.withLock { $0 = nil } }
                    (hadOne, isConnected) = (true, true)
                    pause = Self.shortestPause
                    try await body(client)
                }
            } catch let error as CommandFailure where error.status == .noHost && hadOne {
                // It is being started, or will be.
            } catch let error as ControlError where hadOne && (error.code == .failed || error.code == .busy) {
                // It is about to end, or has too many clients for this moment.
            } catch is Errno where hadOne {
                // The connection broke in the middle of a line.
            }
            if isConnected { lost() }
            try await time.sleep(for: pause)
            pause = min(pause * 2, Self.longestPause)
        }
    }

    private static let shortestPause = Duration.milliseconds(250)
    private static let longestPause = Duration.seconds(5)
}
