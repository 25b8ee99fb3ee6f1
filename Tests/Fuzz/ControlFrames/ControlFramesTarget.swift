import ControlProtocol
import Core

/// The control socket: lines cut out of a stream, then frames, then the arguments of a command.
///
/// A stream gives the same lines however it is cut, none over its bound; what is read as a frame and written again is
/// read as the same frame.
struct ControlFramesTarget: FuzzTarget {
    static let name = "control-frames"
    private static let limit = 256

    func run(_ input: [UInt8]) {
        var choices = Choices(input)
        let count = choices.below(6)
        var cuts = Choices((0..<12).map { _ in choices.byte() })
        let stream = choices.remainder()
        let whole = lines(stream.indices.map { stream[$0...$0] })
        for pieces in [[stream[...]], cuts.pieces(of: stream, count: count)] {
            let cut = lines(pieces.map(Self.damaged))
            require(whole.isRefused == cut.isRefused, "a stream cut anywhere is refused or not")
            // What one call has cut before it refuses is lost with the connection.
            let known = cut.isRefused ? Array(whole.lines.prefix(cut.lines.count)) : whole.lines
            require(known == cut.lines, "a stream cut anywhere gives the same lines")
        }
        for line in whole.lines {
            require(!line.isEmpty && line.count < Self.limit, "a line has 1 to \(Self.limit - 1) bytes")
            require(!line.contains(UInt8(ascii: "\n")), "a line holds no line feed")
        }
        for line in whole.lines + [stream] {
            request(line)
            reply(line)
        }
    }

    private static func damaged(_ piece: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        #if PLANTED
        // A splitter that takes a line feed at the head of a piece for an empty line, whatever waits.
        return piece.first == UInt8(ascii: "\n") ? piece.dropFirst() : piece
        #else
        return piece
        #endif
    }

    private func lines(_ pieces: [ArraySlice<UInt8>]) -> (lines: [[UInt8]], isRefused: Bool) {
        var splitter = LineSplitter(limit: Self.limit)
        var lines: [[UInt8]] = []
        for piece in pieces {
            guard let more = try? splitter.append(piece) else { return (lines, true) }
            lines += more
        }
        return (lines, false)
    }

    private func request(_ line: [UInt8]) {
        switch ControlRequest.read(line) {
        case .failure(let refusal):
            require((1...64).contains(refusal.id.utf8.count), "a refusal goes to an id that fits")
            require(refusal.reason.utf8.count < 400, "a refusal is short")
        case .success(let request):
            require((1...64).contains(request.id.utf8.count), "an id has 1 to 64 bytes")
            require(!request.command.isEmpty, "a request names a command")
            guard let again = try? request.line() else { violated("a request that was read can be written") }
            guard case .success(let back) = ControlRequest.read(again.dropLast()) else {
                violated("a request that was written can be read")
            }
            require(back == request, "a request reads back as itself: \(request) and \(back)")
            arguments(request)
        }
    }

    private func reply(_ line: [UInt8]) {
        guard let reply = try? ControlReply(line: line) else { return }
        guard let again = try? reply.line(), let back = try? ControlReply(line: again.dropLast()) else {
            violated("a reply that was read can be written and read again")
        }
        require(back == reply, "a reply reads back as itself: \(reply) and \(back)")
    }

    /// Whatever types the arguments have, taking them gives a value or the one error.
    private func arguments(_ request: ControlRequest) {
        var arguments = ControlArguments(request)
        let given = request.arguments.filter { $0.value != .null }
        for (key, value) in given.sorted(by: { $0.key < $1.key }) {
            require(arguments.has(key), "an argument that was given is there")
            switch value {
            case .string(let text): require((try? arguments.optional(key)) == text, "a text is its text")
            case .bool(let flag): require((try? arguments.flag(key)) == flag, "a flag is its value")
            case .integer(let number):
                require(
                    (try? arguments.integer(key, 0...100)) == ((0...100).contains(number) ? number : nil),
                    "bounds hold"
                )
            default: require((try? arguments.required(key)) == nil, "no text is made of what is none")
            }
            require(!arguments.has(key), "an argument is taken once")
        }
        do { try arguments.finish() } catch { violated("nothing is left when all was taken: \(error)") }
    }
}
