package import ChannelKit
import ChannelNetwork
package import Core

/// Why Slack did not do what was asked; the message never holds a token.
package typealias SlackError = CodedError<SlackFailure>

/// The kinds of ``SlackError``.
package enum SlackFailure: Sendable, Hashable {
    /// Not before this time has passed.
    case limited(Duration)
    /// The request did not get there.
    case unreachable
    /// It may have been done: the answer was lost, or a server in between broke.
    case uncertain
    /// The calling task was cancelled; it may have been done.
    case cancelled
    /// Slack refuses, by this name.
    case refused(String)
}

extension SlackError {
    /// A failure on the way.
    init(_ error: NetworkError, _ method: String) {
        let code: SlackFailure =
            switch error.code {
            case .cancelled: .cancelled
            case let code where code.mayHaveArrived: .uncertain
            default: .unreachable
            }
        self.init(code, "\(method): \(error.message)")
    }

    /// The name of a refusal.
    package var refusal: String? {
        if case .refused(let name) = code { name } else { nil }
    }

    /// The token does not count, or not any more: nothing will work until the operator gives another.
    package var isOfCredentials: Bool { refusal.map(SlackRefusals.ofCredentials.contains) ?? false }

    /// What it means for a part of a message.
    package var partFailure: PartFailure {
        switch code {
        case .limited(let pause): .failed(ChannelError(.rateLimited(retryAfter: pause), message))
        case .unreachable: .failed(ChannelError(.notConnected, message))
        case .uncertain, .cancelled: .failed(ChannelError(.transient, message))
        case .refused(let name):
            if SlackRefusals.ofFormatting.contains(name) {
                .formatting(message)
            } else if SlackRefusals.ofCredentials.contains(name) {
                .failed(ChannelError(.notConnected, message))
            } else if SlackRefusals.passing.contains(name) {
                .failed(ChannelError(.transient, message))
            } else {
                .failed(ChannelError(.rejected, message))
            }
        }
    }
}

/// The errors of Slack's methods by name (docs.slack.dev, "Errors" of each method).
package enum SlackRefusals {
    package static let ofCredentials: Set<String> = [
        "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "org_login_required",
        "team_access_not_granted", "ekm_access_denied", "not_allowed_token_type",
    ]
    static let ofFormatting: Set<String> = [
        "invalid_blocks", "invalid_blocks_format", "invalid_arguments", "invalid_arg_name", "invalid_array_arg",
        "msg_blocks_too_long", "invalid_form_data",
    ]
    static let passing: Set<String> = [
        "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org",
        "file_update_failed", "upload_failed",
    ]
    static let limiting: Set<String> = ["ratelimited", "rate_limited", "message_limit_exceeded"]

    /// What the operator can do about it; nil where the name says all.
    static func hint(_ name: String, needed: String?) -> String? {
        switch name {
        case "missing_scope":
            let scope = needed.map { "the scope \($0)" } ?? "a scope"
            return "add \(scope) under OAuth & Permissions of the app and install it again"
        case "not_in_channel": return "invite the app into the channel: /invite @its-name"
        case "channel_not_found": return "the conversation does not exist, or the app is not in it"
        case "is_archived": return "the channel is archived"
        case "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive":
            return "the token does not count any more: install the app again and give the new token"
        case "not_allowed_token_type":
            return "it is the wrong kind of token: the bot's begins with xoxb-, the app's with xapp-"
        case "link_disabled": return "switch Socket Mode on in the settings of the app"
        case "too_many_websockets": return "the app has 10 sockets: another program uses its app token"
        case "cannot_dm_bot", "user_disabled": return "nobody reads the messages of this account"
        case "restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel":
            return "the workspace's rules forbid the app to write there"
        default: return nil
        }
    }
}
