import Core

@testable import ChannelNetwork

/// What a server sends at a WebSocket: its answer to the handshake, and frames.
///
/// Messages are those of a plain model of RFC 6455, never more is kept than the limit, and cuts change nothing.
struct WebSocketTarget: FuzzTarget {
    static let name = "websocket"

    private let handshake: WebSocketHandshake

    init() throws {
        // The key of the example in RFC 6455 §1.3.
        handshake = try WebSocketHandshake(
            try WebAddress("wss://gateway.example.org/?v=10", schemes: ["wss"]),
            headers: [:],
            subprotocol: nil,
            key: "dGhlIHNhbXBsZSBub25jZQ=="
        )
    }

    func run(_ input: [UInt8]) {
        var choices = Choices(input)
        switch choices.below(4) {
        case 0: answer(&choices)
        case 1: request(&choices)
        default: frames(&choices)
        }
    }

    // MARK: - Handshake

    private func answer(_ choices: inout Choices) {
        let count = choices.below(6)
        // Some answers are over the bound of their head.
        let padding = choices.below(24) * 1024
        var cuts = Choices((0..<12).map { _ in choices.byte() })
        var bytes = choices.remainder()
        if padding > 0 { bytes.insert(contentsOf: [UInt8](repeating: 0x61, count: padding), at: bytes.count / 2) }
        let whole = read([bytes[...]])
        require(whole == read(cuts.pieces(of: bytes, count: count)), "an answer that is cut is the same answer")
        guard case .head(let found, _) = whole else { return }
        require(found.count <= WebSocketHandshake.headLimit, "the head is within its bound")
        let head = String(decoding: found, as: UTF8.self)
        do throws(NetworkError) {
            try handshake.check(found)
        } catch {
            require(error.message.utf8.count < 300 && !error.message.contains("\n"), "an error is one short line")
            return
        }
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        require(lines[0].hasPrefix("HTTP/1.") && lines[0].contains(" 101"), "only 101 opens a WebSocket: \(lines[0])")
        let fields = lines.dropFirst().map { $0.lowercased() }
        require(
            lines.contains { $0.utf8.count > 40 && $0.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") },
            "the server has proved that it has read the key"
        )
        require(fields.contains { $0.hasPrefix("upgrade:") && $0.contains("websocket") }, "it changes to WebSocket")
        require(!fields.contains { $0.hasPrefix("sec-websocket-extensions:") }, "no extension is used")
        require(!fields.contains { $0.hasPrefix("sec-websocket-protocol:") }, "no subprotocol is spoken")
    }

    private enum Answer: Equatable {
        case open
        case refused
        case head([UInt8], rest: [UInt8])
    }

    private func read(_ pieces: [ArraySlice<UInt8>]) -> Answer {
        var head = WebSocketAnswerHead()
        for (index, piece) in pieces.enumerated() {
            do throws(NetworkError) {
                if let found = try head.take(piece) {
                    let rest = Array(found.rest) + pieces[(index + 1)...].joined()
                    return .head(Array(found.head), rest: rest)
                }
            } catch {
                return .refused
            }
            require(head.held <= WebSocketHandshake.headLimit + 3, "no more of the head is kept than its bound")
        }
        return .open
    }

    private func request(_ choices: inout Choices) {
        var headers = HeaderList()
        for _ in 0..<choices.below(4) { headers.add(choices.text(40), choices.text(80)) }
        guard
            let made = try? WebSocketHandshake(
                handshake.address,
                headers: headers,
                subprotocol: choices.optionalText(),
                key: handshake.key
            )
        else { return }
        let lines = String(decoding: made.request, as: UTF8.self).unicodeScalars
            .split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        let isWhole = lines.dropLast().allSatisfy { $0.unicodeScalars.last == "\r" } && lines.last == ""
        require(isWhole && lines.count <= 1 + 4 + 6 + 2, "no field of a request adds a line")
        require(lines.dropLast(2).allSatisfy { $0 != "\r" }, "a request ends once")
    }

    // MARK: - Frames

    private func frames(_ choices: inout Choices) {
        let limit = choices.below(300)
        var assembler = WebSocketAssembler(limit: limit)
        var model = FrameModel(limit: limit)
        while !choices.isEmpty {
            let first = choices.byte()
            let flags = choices.byte()
            let head = WebSocketAssembler.Head(
                isFinal: first & 0x80 != 0,
                opcode: first & 0x0F,
                isReserved: flags >= 250,
                isMasked: flags == 249
            )
            var data = choices.bytes(300)
            // A byte of UTF-8 in two frames, and much data from little input.
            if flags & 1 == 1, let last = data.last { data += [UInt8](repeating: last, count: Int(flags)) }
            #if PLANTED
            // An assembler that forgets what it has begun when a control frame comes between.
            if head.opcode >= 8 { assembler = WebSocketAssembler(limit: limit) }
            #endif
            let event = assembler.take(head, data[...])
            require(
                FrameModel.isSame(event, model.take(head, data)),
                "a frame means what RFC 6455 says: \(String(describing: event))"
            )
            require(assembler.held <= limit, "no more is kept than the limit")
            switch event {
            case .message(let message): require(message.size <= limit, "a message is within the limit")
            case .closed(let closing): require(closing.reason.utf8.count <= 123, "a reason is short")
            case .violation(let code, let why):
                require([1002, 1007, 1009].contains(code) && !why.isEmpty, "it says why")
            case .ping(let bytes): require(bytes.count <= 125, "a ping is short")
            case .pong, nil: break
            }
            if model.isOver { require(assembler.held == 0, "nothing is kept behind the end") }
        }
    }
}

/// The rules of frames, said once more and plainly.
private struct FrameModel {
    let limit: Int
    var isOver = false
    private var begun: (isText: Bool, bytes: [UInt8])?

    init(limit: Int) { self.limit = limit }

    mutating func take(_ head: WebSocketAssembler.Head, _ data: [UInt8]) -> WebSocketAssembler.Event? {
        guard !isOver else { return nil }
        let event = meaning(head, data)
        switch event {
        case .violation, .closed: isOver = true
        default: break
        }
        return event
    }

    /// The words of a violation are the assembler's own.
    static func isSame(_ event: WebSocketAssembler.Event?, _ expected: WebSocketAssembler.Event?) -> Bool {
        if case .violation(let code, _)? = event, case .violation(code, _)? = expected { return true }
        return event == expected
    }

    private mutating func meaning(_ head: WebSocketAssembler.Head, _ data: [UInt8]) -> WebSocketAssembler.Event? {
        if head.isMasked || head.isReserved { return .violation(code: 1002, "") }
        switch head.opcode {
        case 0...2:
            guard (head.opcode == 0) == (begun != nil) else { return .violation(code: 1002, "") }
            let isText = begun?.isText ?? (head.opcode == 1)
            let bytes = (begun?.bytes ?? []) + data
            guard bytes.count <= limit else { return .violation(code: 1009, "") }
            begun = head.isFinal ? nil : (isText, bytes)
            guard head.isFinal else { return nil }
            guard isText else { return .message(.binary(bytes)) }
            let text = String(decoding: bytes, as: UTF8.self)
            guard Array(text.utf8) == bytes else { return .violation(code: 1007, "") }
            return .message(.text(text))
        case 8...10:
            guard head.isFinal, data.count <= 125 else { return .violation(code: 1002, "") }
            if head.opcode == 9 { return .ping(data) }
            return head.opcode == 10 ? .pong : closing(data)
        default: return .violation(code: 1002, "")
        }
    }

    private func closing(_ data: [UInt8]) -> WebSocketAssembler.Event {
        guard !data.isEmpty else { return .closed(WebSocketClose(code: 1005)) }
        guard data.count >= 2 else { return .violation(code: 1002, "") }
        let code = UInt16(data[0]) * 256 + UInt16(data[1])
        let isKnown = [1000, 1001, 1002, 1003].contains(code) || (1007...1014).contains(code)
        guard isKnown || (3000..<5000).contains(code) else { return .violation(code: 1002, "") }
        let reason = String(decoding: data.dropFirst(2), as: UTF8.self)
        guard Array(reason.utf8) == Array(data.dropFirst(2)) else { return .violation(code: 1007, "") }
        return .closed(WebSocketClose(code: code, reason: reason))
    }
}
