import ChannelKit
import Core
import JudgeSupport
import TestSupport
import Testing

@testable import ChannelDiscord

/// What an operator is told when an account is set up.
@Suite(.enabled(if: Judge.isOn), .serialized) struct SetupTests {
    @Test func knowsWhoseTokenItIs() async throws {
        try await DiscordScene.with { scene in
            #expect(scene.account.identity.account == scene.world[key: "bot"]?[key: "application"]?.string)
            #expect(scene.account.identity.title.hasPrefix("@"))
            let words = try #require(scene.platform.pairing(scene.account, code: "ABCD"))
            #expect(words.contains("ABCD") && words.contains("client_id=\(scene.account.identity.account)"))
        }
    }

    @Test func refusesAnotherToken() async throws {
        try await DiscordScene.with { scene in
            let values = ChannelValues(["token": "not.the.token", "api": scene.world[key: "api"]?.string ?? ""])
            let error = await #expect(throws: ChannelSetupError.self) {
                try await scene.platform.identify(values, scene.tools)
            }
            #expect(error?.code == .refused)
            #expect(error?.message.contains("Reset Token") == true)
            #expect(error?.description.contains("not.the.token") == false)
        }
    }

    @Test func refusesABotThatMayNotRead() async throws {
        try await JudgeServer.with(.discord, arguments: ["--without-content"]) { judge in
            try await withTemporaryDirectory { folder in
                let error = await #expect(throws: ChannelSetupError.self) {
                    try await DiscordScene(judge, folder: folder)
                }
                #expect(error?.code == .refused)
                #expect(error?.message.contains("Message Content Intent") == true)
            }
        }
    }

    @Test func saysThatItCannotBeReached() async throws {
        try await DiscordScene.with { scene in
            let values = ChannelValues(["token": "a.b.c", "api": "http://127.0.0.1:1/api/v10"])
            let error = await #expect(throws: ChannelSetupError.self) {
                try await scene.platform.identify(values, scene.tools)
            }
            #expect(error?.code == .unreachable)
        }
    }
}
