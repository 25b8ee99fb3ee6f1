import ChannelKit
import Core
import Testing

@testable import ChannelDiscord

@Suite struct SettingsTests {
    private func settings(_ token: String, api: String = "") throws(ChannelSetupError) -> DiscordSettings {
        try DiscordSettings(ChannelValues(["token": token, "api": api]))
    }

    @Test func takesATokenAsThePortalShowsIt() throws {
        #expect(
            try settings("MTk4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs").token == "MTk4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
        )
        #expect(try settings(" Bot a.b.c\n").token == "a.b.c")
        #expect(try settings("a.b.c").base == "https://discord.com/api/v10")
        #expect(try settings("a.b.c", api: "http://127.0.0.1:9/api/v10/").base == "http://127.0.0.1:9/api/v10")
    }

    @Test(arguments: ["", "abc", "a.b", "a..c", "a.b.c.d", "a b.c.d", "a.b.c\nd"])
    func refusesWhatIsNoToken(_ token: String) {
        let error = #expect(throws: ChannelSetupError.self) { try settings(token) }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains("Reset Token") == true)
        if token.utf8.count > 2 { #expect(error?.message.contains(token) == false) }
    }

    @Test(arguments: ["discord.com", "ftp://x", "https://x/?a=b", "https://x/#a"])
    func refusesWhatIsNoBase(_ api: String) {
        #expect(throws: ChannelSetupError.self) { try settings("a.b.c", api: api) }
    }

    @Test func commandsAreTheHosts() throws {
        #expect(SlashCommands.all.map(\.name) == ["stop", "link", "clear", "compact", "context", "cost", "files"])
        let json = try #require(JSONValue(parsing: SlashCommands.json).array)
        #expect(json.count == 7)
        #expect(json.allSatisfy { (1...100).contains($0[key: "description"]?.string?.utf8.count ?? 0) })
        for name in SlashCommands.all.map(\.name) {
            let data = WireInteraction.Data(name: name, options: [.init(name: "words", value: " x y ")])
            #expect(SlashCommand(SlashCommands.text(data) ?? "") == SlashCommand("/\(name) x y"))
        }
        #expect(SlashCommands.text(.init(name: "stop", options: nil)) == "/stop")
    }
}
