/// One whole message of a WebSocket.
package enum WebSocketMessage: Sendable, Hashable {
    /// Valid UTF-8.
    case text(String)
    case binary([UInt8])

    /// Bytes that it takes in memory.
    var size: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .binary(let bytes): bytes.count
        }
    }
}

/// How the server ended the connection (RFC 6455 §7.4).
package struct WebSocketClose: Sendable, Hashable {
    /// The server's code; 1005 when its close frame had none, 1006 when the connection dropped without one.
    package let code: UInt16
    package let reason: String

    package init(code: UInt16, reason: String = "") {
        self.code = code
        self.reason = reason
    }

    static let none = WebSocketClose(code: 1005)
    static let dropped = WebSocketClose(code: 1006)
}

/// Bounds of one connection.
package struct WebSocketOptions: Sendable {
    /// Largest message, in bytes.
    package var messageLimit: Int = 4 << 20
    /// Time for look-up, connection, TLS and handshake together.
    package var connectLimit: Duration = .seconds(10)
    /// How long the server may take to answer our close frame.
    package var closeLimit: Duration = .seconds(5)
    /// After this long a ping is sent, and again; nil sends none.
    package var pingInterval: Duration?
    /// How long after a ping something must have come, a pong or anything else.
    package var pongLimit: Duration = .seconds(10)
    /// `Sec-WebSocket-Protocol`, if the server wants one.
    package var subprotocol: String?

    package init() {}
}
