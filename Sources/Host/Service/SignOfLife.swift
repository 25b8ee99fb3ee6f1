import ControlProtocol
import Core
import Glibc
import LinuxIO

/// Proves that a host works: it is asked as a client asks, and its parts are asked beneath that.
///
/// What hangs in the reactor, on the accept loop, in the supervisor or at the database keeps the answer from coming.
struct SignOfLife: Sendable {
    let home: String
    let status: @Sendable () async throws -> Void

    /// Returns when the host has answered on its own control socket and its parts have told how they stand.
    func prove() async throws {
        try await status()
        let connection = try ControlAddress.connect(home: home)
        defer { connection.shutDown() }
        try await connection.write(try ControlRequest(id: "1", command: "status").line())
        var splitter = LineSplitter()
        while true {
            let bytes = try await connection.read()
            guard !bytes.isEmpty else { throw Errno(ECONNRESET, "read the control socket") }
            // That too many clients are connected is an answer too.
            if try !splitter.append(bytes).isEmpty { return }
        }
    }
}
