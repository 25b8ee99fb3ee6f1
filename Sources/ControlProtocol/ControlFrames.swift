package import Core

/// What client and host agree on.
package enum ControlProtocol {
    /// The version of the frames; a frame of another one is refused.
    package static let version = 1
    /// The most bytes of one line, its end included.
    package static let maximumLine = 1 << 20
    /// The socket's name in `<home>/data/`.
    package static let socketName = "nanoclaw.sock"
    /// The id of a reply to a line whose own id could not be read.
    package static let unknownID = "unknown"
}

/// One line from a client.
///
/// `{"v":1,"id":"7","command":"groups list","arguments":{"limit":20}}`. Several requests may be open on one connection;
/// replies carry their id.
package struct ControlRequest: Sendable, Hashable {
    /// Names the request among those of its connection; 1 to 64 bytes.
    package var id: String
    /// The words of the verb with single spaces: `groups list`.
    package var command: String
    package var arguments: [String: JSONValue]

    package init(id: String, command: String, arguments: [String: JSONValue] = [:]) {
        self.id = id
        self.command = command
        self.arguments = arguments
    }

    /// The request as one line, its end included; throws ``ControlError`` when it is longer than a line may be.
    package func line() throws -> [UInt8] {
        try JSONLine.encode(
            Wire(v: ControlProtocol.version, id: id, command: command, arguments: arguments.isEmpty ? nil : arguments)
        )
    }

    /// Reads a line without its end; the error's reply goes to `id`, which is `unknown` unless the line tells one.
    package static func read(_ line: some Sequence<UInt8>) -> Result<ControlRequest, Refusal> {
        let value: JSONValue
        do {
            value = try JSONText.decode(JSONValue.self, line)
        } catch {
            return .failure(Refusal(id: ControlProtocol.unknownID, reason: "the line is no JSON"))
        }
        guard case .object(let fields) = value else {
            return .failure(Refusal(id: ControlProtocol.unknownID, reason: "a frame is a JSON object"))
        }
        let told = fields["id"]?.string
        let id = told.flatMap { (1...64).contains($0.utf8.count) ? $0 : nil }
        func refused(_ reason: String) -> Result<ControlRequest, Refusal> {
            .failure(Refusal(id: id ?? ControlProtocol.unknownID, reason: reason))
        }
        guard fields["v"] == .integer(Int64(ControlProtocol.version)) else {
            return refused("the frame's version \"v\" is not \(ControlProtocol.version): use the host's own nanoclaw")
        }
        guard let id else { return refused("a frame has an \"id\" of 1 to 64 bytes") }
        guard let command = fields["command"]?.string, !command.isEmpty else {
            return refused("a frame names its \"command\"")
        }
        let known: Set = ["v", "id", "command", "arguments"]
        if let unknown = fields.keys.filter({ !known.contains($0) }).min() {
            return refused("a frame has no field \"\(unknown.prefix(40))\"")
        }
        switch fields["arguments"] {
        case nil, .null: return .success(ControlRequest(id: id, command: command))
        case .object(let arguments):
            return .success(ControlRequest(id: id, command: command, arguments: arguments))
        default: return refused("\"arguments\" is a JSON object")
        }
    }

    /// A line that is no request, and whom to tell.
    package struct Refusal: Error, Sendable, Hashable {
        package let id: String
        package let reason: String
    }

    private struct Wire: Encodable {
        var v: Int
        var id: String
        var command: String
        var arguments: [String: JSONValue]?
    }
}

/// One line from the host.
///
/// Any number of events, then one result or one error end a request.
package struct ControlReply: Sendable, Hashable {
    /// The request's.
    package var id: String
    package var body: Body

    package init(id: String, _ body: Body) {
        self.id = id
        self.body = body
    }

    /// What it says.
    package enum Body: Sendable, Hashable {
        /// `{"v":1,"id":"7","event":…}`: more follows.
        case event(JSONValue)
        /// `{"v":1,"id":"7","result":…}`: done.
        case result(JSONValue)
        /// `{"v":1,"id":"7","error":{"code":…,"message":…}}`: not done.
        case failure(ControlError)
    }

    /// The reply as one line, its end included; throws ``ControlError`` when it is longer than a line may be.
    package func line() throws -> [UInt8] {
        var wire = Wire(v: ControlProtocol.version, id: id)
        switch body {
        case .event(let value): wire.event = value
        case .result(let value): wire.result = value
        case .failure(let error): wire.error = error
        }
        return try JSONLine.encode(wire)
    }

    /// The line of an event that is coded straight from its type, its end included.
    ///
    /// What ``init(line:)`` reads of it is a ``Body/event(_:)`` with the value's JSON.
    package static func eventLine(id: String, _ event: some Encodable) throws -> [UInt8] {
        try JSONLine.encode(EventWire(v: ControlProtocol.version, id: id, event: event))
    }

    private struct EventWire<Event: Encodable>: Encodable {
        var v: Int
        var id: String
        var event: Event
    }

    /// Reads a line without its end.
    package init(line: some Sequence<UInt8>) throws {
        let value = try JSONText.decode(JSONValue.self, line)
        guard case .object(let fields) = value, fields["v"] == .integer(Int64(ControlProtocol.version)),
            let id = fields["id"]?.string
        else {
            throw ControlError(.badFrame, "the host speaks another version: use the nanoclaw that it was started with")
        }
        self.id = id
        if let error = fields["error"], error != .null {
            body = .failure(try error.decoded(as: ControlError.self))
        } else if let event = fields["event"] {
            body = .event(event)
        } else {
            body = .result(fields["result"] ?? .null)
        }
    }

    private struct Wire: Encodable {
        var v: Int
        var id: String
        var event: JSONValue?
        var result: JSONValue?
        var error: ControlError?
    }
}

/// Values as single lines.
enum JSONLine {
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        var bytes = [UInt8](try JSONText.data(value))
        bytes.append(UInt8(ascii: "\n"))
        guard bytes.count <= ControlProtocol.maximumLine else {
            throw ControlError(
                .tooLarge,
                "\(bytes.count) bytes do not fit one frame of \(ControlProtocol.maximumLine): ask for less at once"
            )
        }
        return bytes
    }
}
