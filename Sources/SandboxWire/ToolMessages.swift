/// What the runner asks of the tool init: one datagram each.
package enum ToolRequest: Sendable, Equatable {
    /// Starts a command in the tool tier. `directory` is absolute. With it travel exactly 3 descriptors:
    /// standard input, output and error. `background`: the call outlives its first process.
    case start(
        call: UInt32,
        argv: [String],
        environment: [(String, String)],
        directory: String,
        background: Bool
    )
    /// Sends a signal to the call's whole process tree; 9 ends the call.
    case kill(call: UInt32, signal: Int32)

    /// The datagram.
    ///
    /// One over ``SandboxWire/maximumDatagram`` is refused by the other side.
    package func encoded() -> [UInt8] {
        var writer = WireWriter()
        switch self {
        case .start(let call, let argv, let environment, let directory, let background):
            writer.put(UInt8(1))
            writer.put(call)
            writer.put(argv)
            writer.put(environment) { writer, entry in
                writer.put(entry.0)
                writer.put(entry.1)
            }
            writer.put(directory)
            writer.put(background)
        case .kill(let call, let signal):
            writer.put(UInt8(2))
            writer.put(call)
            writer.put(signal)
        }
        return writer.bytes
    }

    /// Reads a datagram; throws what is wrong with it.
    package init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = try WireReader(bytes, limit: SandboxWire.maximumDatagram)
        let kind: UInt8 = try reader.number("kind")
        switch kind {
        case 1:
            let call: UInt32 = try reader.number("call")
            let argv = try reader.texts("argv")
            guard let program = argv.first, !program.isEmpty else { throw WireError("argv is empty") }
            let environment = try reader.list("environment") { reader throws(WireError) in
                let name = try reader.text("environment name")
                guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "=")) else {
                    throw WireError("an environment name is empty or holds =")
                }
                return (name, try reader.text("environment value"))
            }
            let directory = try reader.text("directory")
            guard directory.utf8.first == UInt8(ascii: "/") else { throw WireError("directory is not absolute") }
            let background = try reader.flag("background")
            self = .start(
                call: call,
                argv: argv,
                environment: environment,
                directory: directory,
                background: background
            )
        case 2:
            let call: UInt32 = try reader.number("call")
            let signal: Int32 = try reader.number("signal")
            guard (1...64).contains(signal) else { throw WireError("\(signal) is no signal") }
            self = .kill(call: call, signal: signal)
        default:
            throw WireError("\(kind) is no kind of tool request")
        }
        try reader.end()
    }

    package static func == (left: ToolRequest, right: ToolRequest) -> Bool { left.encoded() == right.encoded() }
}

/// What the tool init answers: one datagram each.
package enum ToolEvent: Sendable, Equatable {
    /// The command runs; `pid` as the tool tier sees it.
    case started(call: UInt32, pid: Int32)
    /// The call is over and nothing of its tree is left. One of `code` and `signal` is 0; 9 also when it was killed.
    case exited(call: UInt32, code: Int32, signal: Int32)
    /// The call never started.
    case failed(call: UInt32, step: String, errno: Int32)

    /// The datagram.
    package func encoded() -> [UInt8] {
        var writer = WireWriter()
        switch self {
        case .started(let call, let pid):
            writer.put(UInt8(1))
            writer.put(call)
            writer.put(pid)
        case .exited(let call, let code, let signal):
            writer.put(UInt8(2))
            writer.put(call)
            writer.put(code)
            writer.put(signal)
        case .failed(let call, let step, let errno):
            writer.put(UInt8(3))
            writer.put(call)
            writer.put(step)
            writer.put(errno)
        }
        return writer.bytes
    }

    /// Reads a datagram; throws what is wrong with it.
    package init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = try WireReader(bytes, limit: SandboxWire.maximumDatagram)
        let kind: UInt8 = try reader.number("kind")
        let call: UInt32 = try reader.number("call")
        switch kind {
        case 1: self = .started(call: call, pid: try reader.number("pid"))
        case 2: self = .exited(call: call, code: try reader.number("code"), signal: try reader.number("signal"))
        case 3: self = .failed(call: call, step: try reader.text("step"), errno: try reader.number("errno"))
        default: throw WireError("\(kind) is no kind of tool event")
        }
        try reader.end()
    }
}
