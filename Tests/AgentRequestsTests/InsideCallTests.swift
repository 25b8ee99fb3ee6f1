import AgentRequests
import ControlProtocol
import Core
import Testing

@Suite struct InsideCallTests {
    private static let group = AgentGroupID.random()
    private static let session = SessionID.random()

    private func read(_ text: String, isGlobal: Bool = false) throws -> InsideCall {
        let caller = InsideCall.Caller(group: Self.group, folder: "main", session: Self.session, isGlobal: isGlobal)
        return try InsideCall(text.split(separator: " ").map(String.init), caller: caller)
    }

    private func refusal(_ text: String, isGlobal: Bool = false) -> ControlError? {
        do {
            _ = try read(text, isGlobal: isGlobal)
            return nil
        } catch {
            return error as? ControlError
        }
    }

    @Test(
        arguments: [
            "groups get", "groups config get", "groups config get main", "sessions list", "sessions list --group main",
            "sessions list --group=main --limit 5", "destinations list --json", "members list",
        ]
    )
    func `§16.260 a call of scope group is about the own group, named or not`(text: String) throws {
        let call = try read(text)
        #expect(call.arguments["group"] == .string(Self.group.rawValue))
        #expect(call.verb.effect == .read)
        #expect(call.isJSON == text.contains("--json"))
    }

    @Test(
        arguments: [
            "groups get other", "groups config get --group other", "sessions list --group other",
            "members list --group=other", "destinations add there --group other --chat x", "groups list", "users list",
            "roles list", "wirings list", "providers list", "sessions history se_other",
            "members add test:evil --group other", "groups update other --name x",
        ]
    )
    func `§16.260 another group's, and what is everybody's, is forbidden to scope group`(text: String) {
        let code = refusal(text)?.code
        #expect(code == .forbidden || code == .invalidArguments)
    }

    @Test(
        arguments: [
            "groups delete", "groups create x", "groups config update main --set cliScope=global", "roles grant",
            "users delete x", "approvals approve ap_1", "chat send hello", "providers add x", "sessions reset",
            "sessions stop", "up", "backup", "upgrade", "service install", "", "--json", "groups", "Groups get",
            "groups get ; rm", "wirings create",
        ]
    )
    func `T50 what stands in no list does not exist, for scope global neither`(text: String) {
        for isGlobal in [false, true] {
            let refusal = refusal(text, isGlobal: isGlobal)
            #expect(refusal?.code == .unknownCommand || refusal?.code == .invalidArguments, "\(text)")
        }
    }

    @Test func `§16.254 positionals, options and their values are read, and what is too much is named`() throws {
        let call = try read("destinations add team --chat test:c1")
        #expect(call.arguments["name"] == "team" && call.arguments["chat"] == "test:c1")
        #expect(call.verb.effect == .write)
        #expect(try read("sessions get \(Self.session)").arguments["session"] == .string(Self.session.rawValue))
        #expect(try read("sessions get").arguments["session"] == .string(Self.session.rawValue))
        #expect(refusal("sessions list extra")?.message.contains("\"extra\" is too many") == true)
        #expect(refusal("sessions list --colour red")?.message.contains("no option \"--colour\"") == true)
        #expect(refusal("sessions list --limit many")?.message.contains("whole number") == true)
        #expect(refusal("sessions list --limit")?.message.contains("needs a value") == true)
        #expect(refusal("sessions list --limit 1 --limit 2")?.message.contains("twice") == true)
    }

    @Test func `scope global names any group and lists everything`() throws {
        #expect(try read("groups get other", isGlobal: true).arguments["group"] == "other")
        #expect(try read("groups get", isGlobal: true).arguments["group"] == .string(Self.group.rawValue))
        for text in ["groups list", "users list", "roles list", "wirings list", "messaging-groups list"] {
            #expect(try read(text, isGlobal: true).verb.effect == .read)
        }
    }

    @Test func `a call of too many words or bytes is refused`() {
        #expect(refusal("sessions list " + String(repeating: "x ", count: 70))?.code == .tooLarge)
        #expect(refusal("sessions list " + String(repeating: "x", count: 40_000))?.code == .tooLarge)
    }

    @Test func `§16.264 rows are a table, none are told, a record is lines`() {
        let rows: JSONValue = [["name": "a", "count": 10], ["name": "long\nname", "count": .null]]
        #expect(InsideText.human(rows) == "count  name\n10     a\n-      long name")
        #expect(InsideText.human([]) == "(no rows)")
        #expect(InsideText.human(["b": 1, "a": "x"]) == "a: x\nb: 1")
        #expect(!InsideText.help(isGlobal: false).contains("roles list"))
        #expect(InsideText.help(isGlobal: true).contains("roles list"))
    }
}
