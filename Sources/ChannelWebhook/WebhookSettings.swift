import ChannelKit
import ChannelNetwork
import Core

/// One hook as it is set up, checked.
struct WebhookSettings: Sendable {
    /// The key of the channel in addresses.
    static let channel = "webhook"

    /// Also the path: `/hooks/<name>`.
    var name: String
    var authentication: WebhookAuthentication
    var key: String
    var text: WebhookTemplate?
    var sender: WebhookTemplate?
    var thread: WebhookTemplate?
    var event: WebhookTemplate?
    /// How long a request waits for the agent's answer; zero for not at all.
    var wait: Duration
    var target: Target?

    /// Where answers are posted to.
    struct Target: Sendable {
        var address: WebAddress
        var key: StandardWebhookKey
        var hosts: HostRule
    }

    static let fields = [
        ChannelField("name", "the hook's name, as in /hooks/NAME: lower-case letters, digits and -"),
        ChannelField(
            "key",
            "the key that senders prove to have: whsec_… for standard, any text of 16 characters or more else",
            isSecret: true
        ),
        ChannelField(
            "auth",
            "how they prove it: standard (Standard Webhooks), github (X-Hub-Signature-256) or bearer",
            standard: "standard"
        ),
        ChannelField(
            "text",
            "what the agent reads: a JSON path, or text with paths in braces; empty for all",
            standard: ""
        ),
        ChannelField("sender", "the JSON path of the sender's name", standard: ""),
        ChannelField("thread", "the JSON path of what makes posts one conversation", standard: ""),
        ChannelField("event", "the JSON path of the kind of event", standard: ""),
        ChannelField(
            "wait",
            "seconds that a post waits for the agent's answer, at most 55; 0 answers at once",
            standard: "0"
        ),
        ChannelField("reply-url", "where answers are posted to; empty when nobody wants them", standard: ""),
        ChannelField(
            "reply-key",
            "the whsec_… key that answers are signed with; empty for the hook's own",
            isSecret: true,
            standard: ""
        ),
        ChannelField("private-targets", "yes lets reply-url be http or in a private network", standard: "no"),
    ]

    /// Reads values; throws naming the field that is wrong.
    init(_ values: ChannelValues) throws(ChannelSetupError) {
        name = values["name"]
        let isName = name.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
        }
        guard isName, (1...64).contains(name.utf8.count), !name.hasPrefix("-") else {
            throw Self.invalid("name", "must be 1 to 64 lower-case letters, digits and -")
        }
        guard let authentication = WebhookAuthentication(rawValue: values["auth"]) else {
            throw Self.invalid("auth", "must be standard, github or bearer")
        }
        self.authentication = authentication
        key = values["key"]
        if let fault = authentication.fault(ofKey: key) { throw Self.invalid("key", fault) }
        text = try Self.template("text", values)
        sender = try Self.template("sender", values)
        thread = try Self.template("thread", values)
        event = try Self.template("event", values)
        guard let seconds = Int(values["wait"].isEmpty ? "0" : values["wait"]), (0...55).contains(seconds) else {
            throw Self.invalid("wait", "must be a number of seconds from 0 to 55")
        }
        wait = .seconds(seconds)
        target = try Self.target(values, key)
    }

    private static func template(
        _ field: String,
        _ values: ChannelValues
    ) throws(ChannelSetupError) -> WebhookTemplate? {
        guard !values[field].isEmpty else { return nil }
        guard values[field].utf8.count <= 2000, let template = WebhookTemplate(values[field]) else {
            throw invalid(field, "must be a path such as issue.title, or text with such paths in braces")
        }
        return template
    }

    private static func target(_ values: ChannelValues, _ key: String) throws(ChannelSetupError) -> Target? {
        guard !values["reply-url"].isEmpty else { return nil }
        let isPrivate = ["yes": true, "no": false, "": false][values["private-targets"]]
        guard let isPrivate else { throw invalid("private-targets", "must be yes or no") }
        guard let secret = StandardWebhookKey(values["reply-key"].isEmpty ? key : values["reply-key"]) else {
            throw invalid("reply-key", "must be whsec_ and the base64 of 24 to 64 random bytes")
        }
        do {
            let address = try WebAddress(values["reply-url"])
            guard isPrivate || address.isSecure else {
                throw invalid("reply-url", "must begin with https://, or set private-targets to yes")
            }
            let hosts =
                isPrivate
                ? try HostRule(hosts: [], origins: [address.origin]) : try HostRule(hosts: [address.authority])
            return Target(address: address, key: secret, hosts: hosts)
        } catch let error as ChannelSetupError {
            throw error
        } catch {
            throw invalid("reply-url", "cannot be used: \(error)")
        }
    }

    private static func invalid(_ field: String, _ what: String) -> ChannelSetupError {
        ChannelSetupError(.invalid, "\(field) \(what)")
    }
}
