import Core
import FoundationEssentials

@testable import AgentTools

/// JSON that comes out of a sandbox to be looked at: what a turn shows to the host, what runner and tool server say, and
/// what `nanoclaw` inside the tool tier and the runner say.
///
/// What decodes encodes and decodes to the same again; a frame's length is the four bytes before it, up to a bound.
struct RunnerFramesTarget: FuzzTarget {
    static let name = "runner-frames"

    func run(_ input: [UInt8]) {
        guard let kind = input.first else { return }
        let bytes = Array(input.dropFirst())
        switch kind % 6 {
        case 0: check(LiveEvent.self, bytes)
        case 1: check(FileRequest.self, bytes)
        case 2: check(FileReply.self, bytes)
        case 3: frame(bytes)
        case 4: call(bytes)
        default: check(CommandLineAnswer.self, bytes)
        }
    }

    /// The words of `nanoclaw` inside the tool tier, on their way to the runner: one line.
    private func call(_ bytes: [UInt8]) {
        guard let words = try? CommandLineWire.words(bytes) else { return }
        guard let line = try? CommandLineWire.call(words) else {
            violated("words that were read can be said: \(words)")
        }
        require(line.firstIndex(of: UInt8(ascii: "\n")) == line.count - 1, "a call is one line: \(words)")
        require((try? CommandLineWire.words(line.dropLast())) == words, "a call reads back as itself: \(words)")
    }

    private func check<Value: Codable & Equatable>(_ type: Value.Type, _ bytes: [UInt8]) {
        let value: Value
        do { value = try JSONText.decode(type, bytes) } catch {
            require(error is CoreError, "it is refused with a CoreError, not with \(Swift.type(of: error))")
            require("\(error)".utf8.count < 1000, "a refusal is short: \(error)")
            return
        }
        guard let again = try? JSONText.data(value) else { violated("what was read can be written: \(value)") }
        require((try? JSONText.decode(type, Array(again))) == value, "it reads back as itself: \(value)")
    }

    private func frame(_ bytes: [UInt8]) {
        let head = Array(bytes.prefix(4))
        let said = head.count == 4 ? head.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) } : nil
        let isOurs = said.map { $0 <= UInt64(ServerFrame.maximum) } ?? false
        require((try? length(head)) == (isOurs ? said.map(Int.init) : nil), "a length is its four bytes: \(head)")
        let body = Data(bytes.dropFirst(4))
        let frame = ServerFrame.encode(body)
        require((try? length(Array(frame.prefix(4)))) == body.count, "a frame says how long it is")
        require(Array(frame.dropFirst(4)) == Array(body), "a frame holds its bytes")
    }

    private func length(_ bytes: [UInt8]) throws -> Int {
        #if PLANTED
        // The bytes of the length the wrong way round.
        return try ServerFrame.length(bytes.reversed())
        #else
        return try ServerFrame.length(bytes)
        #endif
    }
}
