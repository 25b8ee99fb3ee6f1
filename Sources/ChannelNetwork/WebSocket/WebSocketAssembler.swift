/// The reader's side of RFC 6455: frames of a server become messages, or the reason why they cannot.
struct WebSocketAssembler {
    enum Event: Equatable {
        case message(WebSocketMessage)
        /// To be answered with the same bytes.
        case ping([UInt8])
        case pong
        case closed(WebSocketClose)
        /// The connection must be ended with this code.
        case violation(code: UInt16, String)
    }

    /// What stands before a frame's data (RFC 6455 §5.2).
    struct Head: Equatable {
        var isFinal: Bool
        var opcode: UInt8
        var isReserved = false
        var isMasked = false
    }

    private enum Opcode {
        static let continuation: UInt8 = 0
        static let text: UInt8 = 1
        static let binary: UInt8 = 2
        static let close: UInt8 = 8
        static let ping: UInt8 = 9
        static let pong: UInt8 = 10
    }

    private let limit: Int
    /// Of the message that has begun.
    private var opcode: UInt8?
    /// What has come of it.
    private var collected: [UInt8] = []
    private var isOver = false

    /// Bytes that are kept between two frames.
    var held: Int { collected.count }

    /// Messages over `limit` bytes are a violation.
    init(limit: Int) { self.limit = limit }

    /// Takes the next frame; nil while a message is not whole, and after a close or violation.
    mutating func take(_ head: Head, _ data: some RandomAccessCollection<UInt8>) -> Event? {
        guard !isOver else { return nil }
        let event = read(head, data)
        switch event {
        case .closed, .violation:
            isOver = true
            collected = []
        default: break
        }
        return event
    }

    private mutating func read(_ head: Head, _ data: some RandomAccessCollection<UInt8>) -> Event? {
        // RFC 6455 §5.1 and §5.2: servers do not mask, and no extension was agreed on.
        if head.isMasked { return .violation(code: 1002, "a frame of the server is masked") }
        if head.isReserved { return .violation(code: 1002, "a reserved bit is set") }
        switch head.opcode {
        case Opcode.text, Opcode.binary:
            guard opcode == nil else { return .violation(code: 1002, "a message begins inside another") }
            guard data.count <= limit else { return tooLarge }
            guard head.isFinal else {
                opcode = head.opcode
                collected = Array(data)
                return nil
            }
            return message(head.opcode, data)
        case Opcode.continuation:
            guard let opcode else { return .violation(code: 1002, "a continuation continues nothing") }
            guard collected.count + data.count <= limit else { return tooLarge }
            collected.append(contentsOf: data)
            guard head.isFinal else { return nil }
            defer {
                self.opcode = nil
                collected = []
            }
            return message(opcode, collected)
        case Opcode.ping, Opcode.pong, Opcode.close:
            guard head.isFinal, data.count <= 125 else {
                return .violation(code: 1002, "a control frame is fragmented or longer than 125 bytes")
            }
            if head.opcode == Opcode.ping { return .ping(Array(data)) }
            return head.opcode == Opcode.pong ? .pong : close(Array(data))
        default:
            return .violation(code: 1002, "a frame has an unknown opcode")
        }
    }

    private var tooLarge: Event { .violation(code: 1009, "a message is over the limit of \(limit) bytes") }

    private func message(_ opcode: UInt8, _ data: some Collection<UInt8>) -> Event {
        if opcode == Opcode.binary { return .message(.binary(Array(data))) }
        guard let text = String(validating: data, as: UTF8.self) else {
            return .violation(code: 1007, "a text message is no UTF-8")
        }
        return .message(.text(text))
    }

    private func close(_ data: [UInt8]) -> Event {
        if data.isEmpty { return .closed(.none) }
        guard data.count > 1 else { return .violation(code: 1002, "a close frame has half a code") }
        let code = UInt16(data[0]) << 8 | UInt16(data[1])
        guard Self.isSendable(code) else { return .violation(code: 1002, "a close frame has the code \(code)") }
        guard let reason = String(validating: data.dropFirst(2), as: UTF8.self) else {
            return .violation(code: 1007, "the reason of a close frame is no UTF-8")
        }
        return .closed(WebSocketClose(code: code, reason: reason))
    }

    /// Codes that may stand in a close frame (RFC 6455 §7.4, IANA WebSocket close code registry).
    static func isSendable(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
