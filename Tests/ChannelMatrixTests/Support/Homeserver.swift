import ChannelNetwork
import Core
import JudgeSupport
import TestSupport

/// The Synapse of this test process: its start takes seconds, so all tests share it, each with people of its own.
actor Homeserver {
    static let shared = Homeserver()

    private var starting: Task<JudgeServer, any Error>?
    private var count = 0

    /// `http://127.0.0.1:<port>`.
    func base() async throws -> String { try await server().base }

    private func server() async throws -> JudgeServer {
        if let starting { return try await starting.value }
        let task = Task { try await JudgeServer.start(.matrix, arguments: ["--max-upload", "2M"]) }
        starting = task
        return try await task.value
    }

    /// Makes a person that no other test has, with the password `pw`.
    ///
    /// Answers with the local part of their id.
    func person(_ name: String) async throws -> String {
        count += 1
        let user = "\(name)\(count)"
        let base = try await base()
        let http = try HTTPPool()
        let path = "\(base)/_synapse/admin/v1/register"
        let nonce = try await http.request(HTTPCall(.get, path)).json()[key: "nonce"]?.string ?? ""
        let text = "\(nonce)\0\(user)\0pw\0notadmin"
        let mac = HMACSignature.code(.sha1, key: Array("judge".utf8), Array(text.utf8))
        let body: JSONValue = [
            "nonce": .string(nonce), "username": .string(user), "password": "pw", "admin": false,
            "mac": .string(Hex.encode(mac)),
        ]
        let reply = try await http.request(HTTPCall(.post, path, body: .json(try body.text())))
        guard reply.isSuccess else { throw Judge.Failure(description: "no user \(user): \(reply.text)") }
        return user
    }
}
