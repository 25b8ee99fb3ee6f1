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

    private func changed(_ change: (inout WalkedPlatform) -> Void) -> WalkedPlatform {
        var platform = self
        change(&platform)
        return platform
    }
}
