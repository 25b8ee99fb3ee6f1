import ChannelKit
import ChannelNetwork
import Core

/// Makes an event of a request that was let in.
struct WebhookReading: Sendable {
    /// The longest payload that an agent is given, in bytes; what is over it is cut with a word on it.
    static let longestPayload = 64 << 10
    /// The longest text that patterns are matched against, in bytes.
    static let longestText = 16 << 10
    /// The longest name, in bytes.
    private static let longestName = 480

    let settings: WebhookSettings

    /// The event; `isSynchronous` gives it a thread of its own where the hook names none.
    func event(
        _ body: WebhookBody,
        _ proof: WebhookAuthentication.Proof,
        now: Timestamp,
        isSynchronous: Bool
    ) -> InboundEvent {
        let json = body.json
        let mapped = settings.text?.filled(from: json)
        let text = mapped ?? Self.usualText(json) ?? body.raw
        let name = (settings.sender?.filled(from: json) ?? Self.usualSender(json)).map(Self.line)
        let kind = settings.event?.filled(from: json) ?? usualEvent(json)
        let thread = settings.thread?.filled(from: json).flatMap { $0.isEmpty ? nil : Self.short($0) }
        return InboundEvent(
            address: ChatAddress(
                channel: WebhookSettings.channel,
                platformID: "\(WebhookSettings.channel):\(settings.name):posts",
                thread: thread ?? (isSynchronous ? Self.short(proof.key) : nil)
            ),
            platformMessageID: proof.key,
            dedupKey: proof.key,
            sentAt: proof.sentAt ?? now,
            senderName: name,
            isBot: true,
            content: ChatContent(text: Self.cut(text, Self.longestText), sender: name),
            isMention: true,
            webhook: WebhookContent(
                source: name.map { "\(settings.name), from \($0)" } ?? settings.name,
                event: Self.line(kind),
                payload: Self.cut(mapped ?? body.raw, Self.longestPayload)
            )
        )
    }

    // MARK: - What is there without a mapping

    private static func usualText(_ json: JSONValue) -> String? {
        for key in ["text", "message", "content", "body", "title", "summary"] {
            if let text = json[key: key]?.string, !text.isEmpty { return text }
        }
        return json.string
    }

    private static func usualSender(_ json: JSONValue) -> String? {
        for key in ["sender", "user", "from", "author", "actor"] {
            guard let value = json[key: key] else { continue }
            for name in [value, value[key: "login"], value[key: "name"]] {
                if let text = name?.string, !text.isEmpty { return text }
            }
        }
        return nil
    }

    /// What kind of event it is: said by the signed body alone, since headers can be changed in a replay.
    private func usualEvent(_ json: JSONValue) -> String {
        if settings.authentication == .github { return Self.gitHubEvent(json) }
        for key in ["type", "event"] {
            if let text = json[key: key]?.string, !text.isEmpty { return text }
        }
        return "post"
    }

    private static func gitHubEvent(_ json: JSONValue) -> String {
        let has = { (key: String) in json[key: key] != nil }
        let kind: String
        switch true {
        case has("zen"): kind = "ping"
        case has("commits") && has("ref"): kind = "push"
        case has("pull_request") && has("review"): kind = "pull_request_review"
        case has("pull_request") && has("comment"): kind = "pull_request_review_comment"
        case has("pull_request"): kind = "pull_request"
        case has("issue") && has("comment"): kind = "issue_comment"
        case has("issue"): kind = "issues"
        case has("discussion"): kind = has("comment") ? "discussion_comment" : "discussion"
        case has("release"): kind = "release"
        case has("workflow_job"): kind = "workflow_job"
        case has("workflow_run"): kind = "workflow_run"
        case has("check_run"): kind = "check_run"
        case has("check_suite"): kind = "check_suite"
        case has("deployment_status"): kind = "deployment_status"
        default: kind = "event"
        }
        return json[key: "action"]?.string.map { "\(kind) \($0)" } ?? kind
    }

    // MARK: - Bounds

    private static func line(_ text: String) -> String {
        let words = text.unicodeScalars.split { scalar in
            scalar.properties.generalCategory == .control || scalar.properties.isWhitespace
        }
        // By bytes: one character may be of any length.
        var kept = ""
        for scalar in words.map(String.init).joined(separator: " ").unicodeScalars {
            guard kept.utf8.count + UTF8.width(scalar) <= longestName else { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept
    }

    /// A text as an id: itself, or the fingerprint of one that is long or no single line.
    private static func short(_ text: String) -> String {
        text.utf8.count <= 200 && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
            ? text : WebhookAuthentication.digest(Array(text.utf8))
    }

    private static func cut(_ text: String, _ limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var kept = ""
        var size = 0
        for scalar in text.unicodeScalars {
            size += UTF8.width(scalar)
            guard size <= limit else { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept + "\n[cut: the post has \(text.utf8.count) bytes]"
    }
}
