import ChannelConformance
import ChannelKit
import ChannelNetwork
import Core
import JudgeSupport
import Synchronization
import TestSupport

@testable import ChannelEmail

/// Mail as a real server carries it: Alice, who writes to the account, and a mailing list that the account reads.
final class EmailWorld: PlatformWorld {
    private struct State {
        /// What people wrote: to which chat, after how many mails of the account, and the mail as they see it.
        var said: [(chat: String, after: Int, message: WorldMessage)] = []
        var count = 0
        var comesTwice = false
        var isCut = false
    }

    private static let people = ["alice@example.net", "bob@example.net"]
    private static let list = "talk@lists.example.net"

    let post: Post
    let tools: ChannelTools
    let account: ChannelAccount
    let platform: any ChannelPlatform = EmailPlatform()
    let direct = WorldChat(
        id: "alice@example.net",
        platformID: "email:bot@example.org:alice@example.net",
        isGroup: false
    )
    let group: WorldChat? = WorldChat(id: list, platformID: "email:bot@example.org:list%3A\(list)", isGroup: true)
    private let state = Mutex(State())

    let exemptions: [ConformanceCheck: String] = [
        .edit: "a mail cannot be changed", .delete: "a mail cannot be taken back", .reaction: "mail has none",
        .preview: "servers fetch no links", .badFormatting: "servers do not look at the text",
        .reordered: "the mailbox numbers its mails",
        .reconnectRequest: "IMAP has no such request", .secondPoller: "any number of programs may read a mailbox",
        .tooMany: "SMTP does not say for how long to wait",
        .revoked: "the judge's passwords stay; a wrong one is tested beside",
    ]

    init(_ post: Post) throws {
        self.post = post
        tools = try post.tools()
        account = ChannelAccount(
            name: "email",
            identity: ChannelIdentity(account: Post.own, title: Post.own),
            values: post.values()
        )
    }

    // MARK: - What people do

    func say(_ message: WorldSaid) async throws -> String {
        let number = state.withLock { state in
            state.count += 1
            return state.count
        }
        let sender = Self.people[min(message.person, 1)]
        let id = "world-\(number)@example.net"
        let mail = Self.mail(message, from: sender, id: id)
        let body: JSONValue = [
            "to": .string(Post.own), "from": .string(sender), "raw": .string(mail),
            "results": "judge.example; dkim=pass header.d=example.net",
        ]
        let (times, isCut) = state.withLock { state in
            defer { (state.comesTwice, state.isCut) = (false, false) }
            return (state.comesTwice ? 2 : 1, state.isCut)
        }
        let after = try await post.submitted().count
        for _ in 0..<times { try await post.judge.control("deliver", body) }
        if isCut { try await post.judge.control("kick") }
        let shown = WorldMessage(
            id: id,
            isAgents: false,
            text: message.text,
            thread: message.thread,
            replyTo: message.replyTo,
            files: Dictionary(message.files.map { ($0.name, "") }) { $1 }
        )
        state.withLock { $0.said.append((message.chat.id, after, shown)) }
        return id
    }

    private static func mail(_ message: WorldSaid, from sender: String, id: String) -> String {
        var lines = ["From: Person \(message.person) <\(sender)>", "Message-ID: <\(id)>", "MIME-Version: 1.0"]
        lines.append("Date: \(MailDate.field(SystemTime().now))")
        if message.chat.isGroup {
            lines += ["To: \(list)", "List-Post: <mailto:\(list)>", "Precedence: list"]
            if message.mentionsAgent { lines.append("Cc: \(Post.own)") }
        } else {
            lines.append("To: \(Post.own)")
        }
        if message.isBot { lines.append("Auto-Submitted: auto-generated") }
        if let root = message.thread ?? message.replyTo {
            lines += [
                "In-Reply-To: <\(message.replyTo ?? root)>", "References: <\(root)> <\(message.replyTo ?? root)>",
            ]
        }
        guard !message.files.isEmpty else {
            return (lines + ["Content-Type: text/plain; charset=utf-8", "", message.text]).joined(separator: "\n")
        }
        lines += ["Content-Type: multipart/mixed; boundary=world", "", "--world"]
        lines += ["Content-Type: text/plain; charset=utf-8", "", message.text]
        for file in message.files {
            lines += ["--world", "Content-Disposition: attachment; filename=\"\(file.name)\""]
            let text = String(decoding: Base64Lines.encode(file.bytes), as: UTF8.self).replacing("\r\n", with: "\n")
            lines += ["Content-Type: application/octet-stream", "Content-Transfer-Encoding: base64", "", text]
        }
        return (lines + ["--world--", ""]).joined(separator: "\n")
    }

    func nativeID(of person: Int) -> String? { Self.people[min(person, 1)] }

    /// A thread is named by its first mail, whether or not that one is known here.
    func openThread(in chat: WorldChat) async throws -> String? { "root-of-a-thread@example.net" }

    func edit(_ id: String, in chat: WorldChat, to text: String) async throws { throw Self.impossible }

    func delete(_ id: String, in chat: WorldChat) async throws { throw Self.impossible }

    func react(_ id: String, in chat: WorldChat, emoji: String, isAdded: Bool) async throws { throw Self.impossible }

    func press(_ label: String, on id: String, in chat: WorldChat) async throws { throw Self.impossible }

    private static var impossible: Judge.Failure { Judge.Failure(description: "people cannot do this by mail") }

    // MARK: - What people see

    func messages(in chat: WorldChat) async throws -> [WorldMessage] {
        let sent = try await post.submitted()
        let said = state.withLock { $0.said }.filter { $0.chat == chat.id }
        var found: [WorldMessage] = []
        for (index, mail) in sent.enumerated() {
            found += said.filter { $0.after == index }.map(\.message)
            guard mail[key: "envelope"]?[key: "to"]?.array?.contains(.string(chat.id)) == true else { continue }
            found.append(Self.shown(mail))
        }
        return found + said.filter { $0.after >= sent.count }.map(\.message)
    }

    private static func shown(_ mail: JSONValue) -> WorldMessage {
        let files = mail[key: "files"]?.array ?? []
        let references = MessageIDs.all(in: mail[key: "references"]?.string)
        return WorldMessage(
            id: MessageIDs.first(in: mail[key: "message_id"]?.string) ?? "",
            isAgents: true,
            text: (mail[key: "text"]?.string ?? "").replacing("\r\n", with: "\n").trimmingWhiteSpace,
            thread: references.first,
            replyTo: MessageIDs.first(in: mail[key: "in_reply_to"]?.string),
            files: Dictionary(files.map { ($0[key: "name"]?.string ?? "", $0[key: "sha256"]?.string ?? "") }) { $1 }
        )
    }

    func waitForAnswers(_ count: Int, in chat: WorldChat) async throws {
        let messages: JSONValue = ["chat": .string(chat.id), "count": .integer(Int64(count))]
        try await post.judge.control("wait", ["messages": messages, "timeout": 10])
    }

    // MARK: - What goes wrong

    func inject(_ fault: WorldFault) async throws {
        switch fault {
        case .serverError(let count):
            try await post.judge.control("fault", ["on": "RCPT", "mode": "429", "count": .integer(Int64(count))])
        case .lostAnswer(let count):
            try await post.judge.control("fault", ["on": "DATA", "mode": "lost", "count": .integer(Int64(count))])
        case .duplicateEvent: state.withLock { $0.comesTwice = true }
        case .dropMidEvent: state.withLock { $0.isCut = true }
        default: throw Judge.Failure(description: "mail does not know \(fault)")
        }
    }

    func openLinks() async throws -> Int {
        Int(try await post.judge.control("state")[key: "open"]?.integer ?? -1)
    }

    func dropLinks() async throws { try await post.judge.control("kick") }
}
