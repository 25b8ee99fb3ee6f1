import Core
import LinuxIO
import Testing

@testable import AgentTools

@Suite struct SchemaTests {
    static let schema: JSONValue = [
        "type": "object", "required": ["path"], "additionalProperties": false,
        "properties": [
            "path": ["type": "string", "minLength": 1, "maxLength": 5],
            "count": ["type": "integer", "minimum": 1, "maximum": 9],
            "mode": ["type": "string", "enum": ["a", "b"]], "flag": ["type": "boolean"],
            "list": ["type": "array", "items": ["type": "number"], "minItems": 1, "maxItems": 2],
        ],
    ]

    @Test(arguments: [
        #"{"path":"x"}"#, #"{"path":"x","count":9,"mode":"b","flag":false,"list":[1,2.5]}"#, #"{"path":"ööööö"}"#,
    ])
    func `arguments that fit pass`(text: String) throws {
        #expect(try JSONSchema(Self.schema).violations(of: JSONValue(parsing: text)).isEmpty)
    }

    @Test(arguments: [
        ("{}", "the arguments must have \"path\""), ("[]", "the arguments must be object, not array"),
        (#"{"path":1}"#, "\"path\" must be string, not integer"),
        (#"{"path":""}"#, "\"path\" must have at least 1 characters, it has 0"),
        (#"{"path":"toolong"}"#, "\"path\" must have at most 5 characters, it has 7"),
        (#"{"path":"x","count":0}"#, "\"count\" must be at least 1"),
        (#"{"path":"x","count":10}"#, "\"count\" must be at most 9"),
        (#"{"path":"x","count":1.5}"#, "\"count\" must be integer, not number"),
        (#"{"path":"x","count":"1"}"#, "\"count\" must be integer, not string"),
        (#"{"path":"x","mode":"c"}"#, "\"mode\" must be one of \"a\", \"b\""),
        (#"{"path":"x","list":[]}"#, "\"list\" must have at least 1 elements, it has 0"),
        (#"{"path":"x","list":[1,"a"]}"#, "\"list[1]\" must be number, not string"),
        (
            #"{"path":"x","extra":1}"#,
            "the arguments must not have \"extra\" (known: count, flag, list, mode, path)"
        ),
        (#"{"path":"x","flag":null}"#, "\"flag\" must be boolean, not null"),
    ])
    func `arguments that do not fit are refused with what is wrong`(text: String, expected: String) throws {
        #expect(try JSONSchema(Self.schema).violations(of: JSONValue(parsing: text)) == [expected])
    }

    @Test func `a schema with a keyword that is not enforced is refused`() {
        #expect(throws: ToolFailure("schema.a: \"pattern\" is not supported")) {
            try JSONSchema(["type": "object", "properties": ["a": ["type": "string", "pattern": "x"]]])
        }
    }
}

@Suite struct CommandOutputTests {
    @Test func `output within its limit is whole`() {
        var output = CommandOutput(limit: 256)
        #expect(output.append(Array("hello ".utf8)).isEmpty)
        #expect(output.append(Array("there".utf8)).isEmpty)
        #expect(output.text(file: nil) == "hello there")
    }

    @Test func `longer output keeps its beginning and its end, and all of it goes to the file`() {
        var output = CommandOutput(limit: 256)
        var file: [UInt8] = []
        for number in 0..<1000 { file += output.append(Array("\(number),".utf8)) }
        let whole = (0..<1000).map { "\($0)," }.joined()
        #expect(String(decoding: file, as: UTF8.self) == whole)
        let text = output.text(file: "/tmp/o.txt")
        #expect(text.hasPrefix("0,1,2,"))
        #expect(text.hasSuffix("998,999,"))
        #expect(text.contains("of \(whole.utf8.count) bytes left out; the whole is in /tmp/o.txt"))
        #expect(text.utf8.count < 256 + 120)
    }
}

@Suite struct ToolboxTests {
    private struct NoConversation: Conversation {
        func send(text: String, files: [OutgoingFile], to destination: String?) async throws -> Int64 { 0 }
        func send(card: OutboundCard, text: String, to destination: String?) async throws -> Int64 { 0 }
        func edit(message seq: Int64, text: String) async throws {}
        func react(to seq: Int64, emoji: String) async throws {}
        func ask(host: String, arguments: JSONValue, waitingFor: Duration) async throws -> HostReply {
            HostReply(.silent, request: .random(), text: "")
        }
        func provenance() async -> String { "" }
    }

    @Test func `the tools are those that the host knows by name`() throws {
        let tier = ToolInitClient(try PacketSocket.pair().0)
        let time = SystemTime()
        let services = ToolServices(
            tier: tier,
            server: ToolServerClient(tier: tier, places: ToolPlaces(), time: time),
            conversation: NoConversation(),
            time: time
        )
        let names = Toolbox.standard(services).specifications(AgentConfiguration.ToolPolicy()).map(\.name)
        #expect(names == BuiltInTools.names)
    }
}
