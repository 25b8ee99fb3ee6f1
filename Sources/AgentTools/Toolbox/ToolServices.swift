package import Core

/// What tools work with.
package struct ToolServices: Sendable {
    package let tier: ToolInitClient
    package let server: ToolServerClient
    package let conversation: any Conversation
    package let places: ToolPlaces
    package let time: any TimeSource
    /// What `shell` has started in the background.
    let processes = BackgroundProcesses()

    /// The services of one runner.
    package init(
        tier: ToolInitClient,
        server: ToolServerClient,
        conversation: any Conversation,
        places: ToolPlaces = ToolPlaces(),
        time: any TimeSource
    ) {
        self.tier = tier
        self.server = server
        self.conversation = conversation
        self.places = places
        self.time = time
    }
}

/// Where things are in the tool tier, and what its processes find in their environment.
package struct ToolPlaces: Sendable {
    /// The agent's folder and working directory.
    package var agent = "/workspace/agent"
    /// What the host composed, read-only.
    package var instructions = "/workspace/instructions"
    /// Scratch space that is gone with the sandbox.
    package var scratch = "/tmp"
    /// The program of the tool server.
    package var server = "/run/nanoclaw/agent-runner"
    /// The time zone of the agent's commands; nil leaves it unset.
    package var timeZone: String?

    package init() {}

    /// The whole environment of a process; nothing of the runner's own is passed on.
    package var environment: [(String, String)] {
        let proxy = "http://127.0.0.1:3128"
        var values = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin:/run/nanoclaw"), ("HOME", agent), ("LANG", "C.UTF-8"),
            ("TERM", "dumb"),
            ("http_proxy", proxy), ("https_proxy", proxy), ("HTTP_PROXY", proxy), ("HTTPS_PROXY", proxy),
            ("SWIFT_ROOT", "/"),
        ]
        if let timeZone { values.append(("TZ", timeZone)) }
        return values
    }
}

/// The conversation that a turn belongs to, as tools see it.
///
/// Each call ends in a committed row or in a ``ToolFailure``.
package protocol Conversation: Sendable {
    /// Sends text and files to a named destination, or to where the turn's message came from.
    /// Answers the message's number.
    func send(text: String, files: [OutgoingFile], to destination: String?) async throws -> Int64

    /// Sends a card as ``send(text:files:to:)`` sends a text; where there are no cards its text goes out.
    func send(card: OutboundCard, text: String, to destination: String?) async throws -> Int64

    /// Replaces the text of one of the agent's own messages.
    func edit(message seq: Int64, text: String) async throws

    /// Puts an emoji on a message.
    func react(to seq: Int64, emoji: String) async throws

    /// Asks the host for something and waits for its answer, at most that long.
    ///
    /// The request is written at once and stays asked whatever becomes of the wait; an answer that comes after it is
    /// told with a later prompt. A tool that asks declares the wait as its timeout.
    func ask(host action: String, arguments: JSONValue, waitingFor limit: Duration) async throws -> HostReply

    /// Where the turn's words come from, for memory: `Ada in cli, Sat 2026-03-28 14:05`.
    func provenance() async -> String
}

/// A file on its way to a chat.
package struct OutgoingFile: Sendable {
    package let name: String
    package let bytes: [UInt8]

    /// A file of that name with these bytes.
    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}
