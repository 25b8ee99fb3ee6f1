import Core
import Testing

@testable import ControlProtocol

@Suite struct `Control frames` {
    @Test func `a request survives its own line`() throws {
        let request = ControlRequest(
            id: "7",
            command: "groups list",
            arguments: [
                "limit": 20, "all": true, "name": "Zoë \"x\"\n", "tags": ["a", nil_()], "deep": ["x": .number(1.5)],
            ]
        )
        let line = try request.line()
        #expect(line.last == UInt8(ascii: "\n"))
        #expect(line.dropLast().contains(UInt8(ascii: "\n")) == false)
        #expect(try ControlRequest.read(line.dropLast()).get() == request)
    }

    @Test(arguments: [
        ControlReply(id: "1", .event(["text": "hello"])),
        ControlReply(id: "1", .result(nil_())),
        ControlReply(id: "1", .result([["id": "ag_1"], ["id": "ag_2"]])),
        ControlReply(id: "unknown", .failure(ControlError(.notFound, "no group \"x\""))),
    ])
    func `a reply survives its own line`(reply: ControlReply) throws {
        #expect(try ControlReply(line: try reply.line().dropLast()) == reply)
    }

    @Test func `an event that is coded from its type reads like one made of its value`() throws {
        let frame = ChatFrame.live(LiveEvent(turn: .random(), number: 3, body: .thinking(text: "Zoë \"x\"\n")))
        let line = try ControlReply.eventLine(id: "5", frame)
        #expect(line == (try ControlReply(id: "5", .event(JSONValue(encoding: frame))).line()))
        guard case .event(let value) = try ControlReply(line: line.dropLast()).body else {
            Issue.record("no event: \(String(decoding: line, as: UTF8.self))")
            return
        }
        #expect(try value.decoded(as: ChatFrame.self) == frame)
        let long = ChatFrame.live(
            LiveEvent(
                turn: .random(),
                number: 1,
                body: .thinking(text: String(repeating: "x", count: ControlProtocol.maximumLine))
            )
        )
        #expect(throws: ControlError.self) { try ControlReply.eventLine(id: "5", long) }
    }

    @Test(arguments: [
        ("", "unknown", "the line is no JSON"),
        ("{", "unknown", "the line is no JSON"),
        ("\u{0}\u{1}", "unknown", "the line is no JSON"),
        ("[1]", "unknown", "a frame is a JSON object"),
        ("{}", "unknown", "the frame's version \"v\" is not 1"),
        (#"{"v":2,"id":"a","command":"status"}"#, "a", "the frame's version \"v\" is not 1"),
        (#"{"v":"1","id":"a","command":"status"}"#, "a", "the frame's version \"v\" is not 1"),
        (#"{"v":1,"command":"status"}"#, "unknown", "an \"id\" of 1 to 64 bytes"),
        (#"{"v":1,"id":7,"command":"status"}"#, "unknown", "an \"id\" of 1 to 64 bytes"),
        (#"{"v":1,"id":"","command":"status"}"#, "unknown", "an \"id\" of 1 to 64 bytes"),
        (#"{"v":1,"id":"a"}"#, "a", "names its \"command\""),
        (#"{"v":1,"id":"a","command":""}"#, "a", "names its \"command\""),
        (#"{"v":1,"id":"a","command":"x","arguments":[]}"#, "a", "\"arguments\" is a JSON object"),
        (#"{"v":1,"id":"a","command":"x","args":{}}"#, "a", "no field \"args\""),
    ])
    func `§16.253 a broken line is refused with the id it tells`(line: String, id: String, reason: String) throws {
        guard case .failure(let refusal) = ControlRequest.read(line.utf8) else {
            Issue.record("\(line) was taken")
            return
        }
        #expect(refusal.id == id)
        #expect(refusal.reason.contains(reason), "\(refusal.reason)")
    }

    @Test func `a frame longer than a line may be is not made`() {
        let text = String(repeating: "x", count: ControlProtocol.maximumLine)
        #expect {
            try ControlRequest(id: "1", command: "chat send", arguments: ["text": .string(text)]).line()
        } throws: {
            ($0 as? ControlError)?.code == .tooLarge
        }
    }

    @Test func `a host of another version is told apart from a broken one`() {
        #expect(throws: ControlError.self) { try ControlReply(line: #"{"v":9,"id":"1","result":1}"#.utf8) }
    }
}

@Suite struct `Line splitter` {
    private let stream = Array("{\"a\":1}\r\n\n{\"b\":\"ü\"}\n\r\nlast\n".utf8)
    private let expected = ["{\"a\":1}", "{\"b\":\"ü\"}", "last"]

    @Test func `lines are the same at every split of the stream`() throws {
        for first in 0...stream.count {
            for second in first...stream.count {
                var splitter = LineSplitter()
                var lines = try splitter.append(stream[..<first])
                lines += try splitter.append(stream[first..<second])
                lines += try splitter.append(stream[second...])
                #expect(lines.map { String(decoding: $0, as: UTF8.self) } == expected)
                #expect(!splitter.isMidLine)
            }
        }
    }

    @Test(arguments: [(7, true), (8, false), (9, false)])
    func `a line counts its end and is bounded`(length: Int, fits: Bool) {
        var splitter = LineSplitter(limit: 8)
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: length) + [UInt8(ascii: "\n")]
        if fits {
            #expect(throws: Never.self) { try splitter.append(line) }
        } else {
            #expect(throws: ControlError.self) { try splitter.append(line) }
        }
    }

    @Test func `a line without an end is refused before it grows past the bound`() throws {
        var splitter = LineSplitter(limit: 1024)
        _ = try splitter.append([UInt8](repeating: 0x61, count: 1023))
        #expect(splitter.isMidLine)
        #expect(throws: ControlError.self) { try splitter.append([0x61]) }
    }
}

@Suite struct `Control arguments` {
    private enum Mode: String, CaseIterable { case shared, each }

    private func arguments(_ values: [String: JSONValue]) -> ControlArguments {
        ControlArguments(ControlRequest(id: "1", command: "wirings create", arguments: values))
    }

    @Test func `§16.255 a missing argument is named`() {
        var given = arguments(["name": ""])
        #expect(message { try given.required("name") } == "wirings create needs \"name\"")
        #expect(message { try given.required("chat") } == "wirings create needs \"chat\"")
    }

    @Test func `an argument that nobody took is named`() throws {
        var given = arguments(["name": "a", "colour": "red"])
        _ = try given.required("name")
        #expect(message { try given.finish() } == "wirings create has no argument \"colour\"")
    }

    @Test func `T34 an unknown value of an enumeration is refused with all known ones`() {
        var given = arguments(["mode": "sometimes"])
        #expect(
            message { try given.choice("mode", Mode.self) }
                == "--mode \"sometimes\" is unknown: use one of shared, each"
        )
    }

    @Test func `a value of the wrong type is refused`() {
        var given = arguments(["a": 1, "b": "x", "c": "y", "d": [1], "e": 101])
        #expect(message { try given.optional("a") } == "wirings create: \"a\" is a text")
        #expect(message { try given.flag("b") } == "wirings create: \"b\" is true or false")
        #expect(message { try given.integer("c", 1...5) } == "wirings create: \"c\" is a whole number from 1 to 5")
        #expect(message { try given.texts("d") } == "wirings create: \"d\" is a list of texts")
        #expect(message { try given.integer("e", 1...100) } == "wirings create: \"e\" is a whole number from 1 to 100")
    }

    private func message(_ body: () throws -> some Any) -> String {
        do {
            _ = try body()
            return "nothing was thrown"
        } catch {
            return "\(error)"
        }
    }
}

private func nil_() -> JSONValue { .null }
