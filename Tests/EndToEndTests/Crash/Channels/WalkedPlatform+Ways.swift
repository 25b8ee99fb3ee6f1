import Core
import JudgeSupport
import Testing

/// Platforms by another way than ``EveryPlatformTests`` takes.
extension WalkedPlatform {
    /// Telegram calls the host.
    static let telegramHook = telegram.changed { platform in
        platform.account = { judge in
            var account = try await telegram.account(judge)
            account.settings["mode"] = "webhook"
            return account
        }
    }

    /// Slack calls the host.
    static let slackHook = slack.changed { platform in
        platform.account = { judge in
            var account = try await slack.account(judge)
            account.settings["mode"] = "events"
            account.secrets["app-token"] = nil
            account.secrets["signing-secret"] = try #require(
                try await judge.control("world")[key: "signing_secret"]?.string
            )
            return account
        }
        platform.added = { judge, hooks in
            let taken = try await judge.control("events_url", ["url": .string("\(hooks)/slack/slack")])
            try #require(taken[key: "verified"] == true, "\(taken)")
        }
    }

    /// Each message of a Matrix room is encrypted, with a key of its own, which goes to whoever reads it before.
    static let matrixEncrypted = matrix.changed { platform in
        platform.people = { try await matrixPeople($0, "--e2ee") }
        platform.open = { people, chat in
            let alice = people.judge(of: "alice")
            let room = try await alice.control(
                "room",
                [
                    "name": .string(chat), "dm": true, "encrypted": true, "rotates": true, "invite": ["@bot:localhost"],
                ]
            )
            try await bot(comesInto: try #require(room[key: "chat"]), chat, seenBy: alice)
        }
    }

    private func changed(_ change: (inout WalkedPlatform) -> Void) -> WalkedPlatform {
        var platform = self
        change(&platform)
        return platform
    }
}
