import Foundation
import Glibc
import LinuxIO

/// One chat on a connection to the control socket: what it costs the host is a turn, not the start of a client.
final class ChatConnection {
    struct Failure: Error, CustomStringConvertible { let description: String }

    private let socket: Descriptor
    private let chat: String
    private var buffer: [UInt8] = []
    private var last = 0

    /// Connects to the host of this home and attaches to the chat.
    init(home: String, chat: String) async throws {
        self.chat = chat
        socket = try Self.connect("\(home)/data/nanoclaw.sock")
        try send("chat attach", ["chat": chat])
        while try await event()["attached"] == nil {}
    }

    /// Sends a message and returns when its turn has ended with an answer.
    func say(_ text: String) async throws {
        let id = UUID().uuidString
        try send("chat send", ["chat": chat, "text": text, "id": id])
        var isAnswered = false
        while true {
            let event = try await event()
            let entry = (event["entry"] as? [String: Any])?["_0"] as? [String: Any]
            if entry?["direction"] as? String == "out" { isAnswered = true }
            guard let end = event["turnEnded"] as? [String: Any],
                (end["platformMessageIDs"] as? [String])?.contains(id) == true
            else { continue }
            guard isAnswered else { throw Failure(description: "a turn ended without an answer: \(end)") }
            return
        }
    }

    private func send(_ command: String, _ arguments: [String: String]) throws {
        last += 1
        let frame: [String: Any] = ["v": 1, "id": "\(last)", "command": command, "arguments": arguments]
        try socket.write(Array(try JSONSerialization.data(withJSONObject: frame)) + [UInt8(ascii: "\n")])
    }

    /// The next event; what only answers a request is passed over.
    private func event() async throws -> [String: Any] {
        while true {
            while let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Data(buffer[..<end])
                buffer.removeSubrange(...end)
                let frame = try JSONSerialization.jsonObject(with: line) as? [String: Any] ?? [:]
                if let error = frame["error"] { throw Failure(description: "the host answered \(error)") }
                if let event = frame["event"] as? [String: Any] { return event }
            }
            try await Readiness.shared.readable(socket)
            let part = try socket.read(upTo: 1 << 16)
            guard !part.isEmpty else { throw Failure(description: "the host ended the connection") }
            buffer += part
        }
    }

    private static func connect(_ path: String) throws -> Descriptor {
        let number = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw Errno.last("socket") }
        let socket = Descriptor(owning: number)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard code == 0 else { throw Errno.last("connect \(path)") }
        return socket
    }
}
