import ChannelKit
import ChannelNetwork
import Core
import Testing

@testable import ChannelEmail

/// A header of these lines.
func header(_ text: String) -> HeaderBlock {
    HeaderBlock(lines: text.split(separator: "\n", omittingEmptySubsequences: false).map { Array($0.utf8) })
}

@Suite struct SenderTrustTests {
    private static let trust = SenderTrust(servers: ["mx.example.net", "*.mx.example.com"])

    private static func isVerified(_ results: String..., from: String = "ann@example.org") throws -> Bool {
        let fields = results.map { "Authentication-Results: \($0)" }.joined(separator: "\n")
        return trust.verdict(from: try #require(MailAddress(from)), header(fields)) == .verified
    }

    @Test(arguments: [
        "mx.example.net; dkim=pass header.d=example.org", "mx.example.net 1; dkim=pass header.d=example.org header.s=x",
        "MX.example.net; DKIM=Pass Header.D=Example.ORG", "in1.mx.example.com; dkim=pass header.d=example.org",
        "mx.example.net; dkim=pass (2048-bit key; ok) header.i=@example.org header.b=\"ab;c=\"",
        "mx.example.net; spf=fail smtp.mailfrom=x; dkim=pass header.i=@example.org; dmarc=none",
        "mx.example.net; dmarc=pass (p=none) header.from=example.org; dkim=pass header.d=example.org",
        "mx.example.net; dkim=fail header.d=a.b; dkim=pass header.d=example.org",
        "mx.example.net; dkim/1=pass header.d=example.org",
        "mx.example.net; dkim=pass header.d=example.org header.i=ann@mail.example.org;",
    ])
    func `the server's own word of an aligned signature counts`(_ results: String) throws {
        #expect(try Self.isVerified(results))
    }

    @Test(arguments: [
        "mx.example.net; dkim=pass header.d=evil.example", "mx.example.net; dkim=pass header.d=notexample.org",
        "mx.example.net; dkim=pass header.d=org", "mx.example.net; dkim=pass", "mx.example.net; none", "mx.example.net",
        "mx.example.net; spf=pass smtp.mailfrom=ann@example.org", "mx.example.net; dkim=fail header.d=example.org",
        "mx.example.net; dkim=pass header.d=sub.example.org", "evil.example; dkim=pass header.d=example.org",
        "mx.example.net.evil.example; dkim=pass header.d=example.org", "mx.example.com; dkim=pass header.d=example.org",
        "mx.example.net 2; dkim=pass header.d=example.org",
        "mx.example.net; dmarc=fail; dkim=pass header.d=example.org",
        "mx.example.net; dmarc=pass header.from=evil.example",
        "mx.example.net; dmarc=pass (p=none) header.from=example.org", "mx.example.net; dkim=fail; dmarc=pass",
        "mx.example.net; dmarc=pass header.from=example.org; dkim=pass header.d=evil.example",
        "mx.example.net; dmarc=fail; dmarc=pass header.from=example.org",
        "mx.example.net; dkim=pass header.d=evil.example header.i=@example.org",
        "mx.example.net; spf=pass smtp.mailfrom=\"x; dkim=pass header.d=example.org\"@evil.example",
        "mx.example.net; spf=pass (from x; dkim=pass header.d=example.org)",
        "mx.example.net; spf=pass smtp.mailfrom=\"x; dmarc=pass header.from=example.org",
        "(mx.example.net); dkim=pass header.d=example.org",
        "", ";", "; dkim=pass header.d=example.org", "mx.example.net; =pass header.d=example.org",
        "mx.example.net; dkim=pass reason=\"header.d=example.org\"", "mx.example.net; dkim=pass\u{0} header.d=",
    ])
    func `anything else does not`(_ results: String) throws { #expect(try !Self.isVerified(results)) }

    @Test func `only the topmost field is looked at`() throws {
        let good = "mx.example.net; dkim=pass header.d=example.org"
        #expect(try Self.isVerified(good, "mx.example.net; dkim=fail"))
        #expect(try !Self.isVerified("mx.example.net; dkim=fail", good))
        #expect(try !Self.isVerified("evil.example; dkim=pass header.d=example.org", good))
    }

    @Test func `a person of a domain below the signer's is verified, nobody is without a server`() throws {
        #expect(try Self.isVerified("mx.example.net; dkim=pass header.d=example.org", from: "ann@mail.example.org"))
        let address = try #require(MailAddress("ann@example.org"))
        let field = header("Authentication-Results: mx.example.net; dkim=pass header.d=example.org")
        #expect(SenderTrust(servers: []).verdict(from: address, field) != .verified)
    }
}

@Suite struct LoopGuardTests {
    private static func verdict(_ text: String, from: String = "ann@example.org") throws -> LoopGuard.Verdict {
        let own = try #require(MailAddress("bot@example.net"))
        return LoopGuard.verdict(
            header(text),
            from: try #require(MailAddress(from)),
            own: own,
            ids: OwnMessageIDs(own)
        )
    }

    @Test(arguments: [
        "Auto-Submitted: auto-replied", "Auto-Submitted: auto-replied (vacation)", "Auto-Submitted: auto-notified",
        "X-Autoreply: yes",
        "Precedence: auto_reply", "Return-Path: <>", "Content-Type: multipart/report; report-type=delivery-status",
        "X-Loop: Bot@Example.net",
    ])
    func `what a machine answered is for nobody`(_ text: String) throws {
        guard case .ignored = try Self.verdict(text) else {
            Issue.record("\(text)")
            return
        }
    }

    @Test(arguments: ["mailer-daemon@example.org", "MAILER-DAEMON@x.y", "postmaster@x.y"])
    func `what a mail server wrote is for nobody`(_ from: String) throws {
        guard case .ignored = try Self.verdict("", from: from) else {
            Issue.record("\(from)")
            return
        }
    }

    @Test(arguments: [
        ("Auto-Submitted: auto-generated", "a@b.c"), ("Precedence: bulk", "a@b.c"), ("Precedence: Junk", "a@b.c"),
        ("List-Unsubscribe: <https://x.y>", "a@b.c"), ("List-Id: news", "a@b.c"), ("List-Post: NO", "noreply@b.c"),
        ("", "no-reply@b.c"),
    ])
    func `what a program sends is marked as a program's`(_ text: String, _ from: String) throws {
        guard case .program = try Self.verdict(text, from: from) else {
            Issue.record("\(text)")
            return
        }
    }

    @Test func `people, lists and the account's own mails are told apart`() throws {
        let own = try #require(MailAddress("bot@example.net"))
        let list = try #require(MailAddress("talk@lists.example.org"))
        #expect(try Self.verdict("Auto-Submitted: no\nReturn-Path: <ann@example.org>") == .person)
        #expect(try Self.verdict("List-Post: <https://x.y>, <mailto:Talk@lists.example.org?subject=x>") == .list(list))
        #expect(try Self.verdict("", from: "bot@example.net") == .own)
        #expect(try Self.verdict("Message-ID: <\(OwnMessageIDs(own).id(forPart: "m_1-0"))>") == .own)
        let other = OwnMessageIDs(try #require(MailAddress("other@example.net")))
        #expect(try Self.verdict("Message-ID: <\(other.id(forPart: "m_1-0"))>") == .person)
    }

    @Test func `more than a limit in an hour waits, and others do not`() throws {
        let limit = CorrespondentLimit(Rate(2, per: .seconds(3600)))
        let (ann, bob) = (try #require(MailAddress("a@b.c")), try #require(MailAddress("b@b.c")))
        #expect(limit.wait(for: ann, at: .zero) == nil && limit.wait(for: ann, at: .zero) == nil)
        #expect(limit.wait(for: ann, at: .zero) == .seconds(1800))
        // What was refused is not counted.
        #expect(limit.wait(for: ann, at: .seconds(1)) == .seconds(1799))
        #expect(limit.wait(for: bob, at: .zero) == nil)
        #expect(limit.wait(for: ann, at: .seconds(1800)) == nil)
    }
}

@Suite struct ThreadTests {
    private let ann: MailPeer
    private let bob: MailPeer

    init() throws {
        ann = MailPeer(try #require(MailAddress("ann@example.org")))
        bob = MailPeer(try #require(MailAddress("bob@example.org")))
    }

    @Test func `a thread is found by any of its messages, also after a restart`() async throws {
        let state = MemoryChannelState()
        let threads = MailThreads(state)
        #expect(try await threads.root(peer: ann, references: [], inReplyTo: nil) == nil)
        #expect(try await threads.root(peer: ann, references: ["r@x", "s@x"], inReplyTo: "s@x") == "r@x")
        try await threads.add("r@x", to: "r@x", peer: ann, subject: "Plans")
        try await threads.add("ours@y", to: "r@x", peer: ann, subject: "ignored")
        for threads in [threads, MailThreads(state)] {
            // A program that has cut the list, and one that names the answered mail only.
            #expect(try await threads.root(peer: ann, references: ["other@x", "ours@y"], inReplyTo: nil) == "r@x")
            #expect(try await threads.root(peer: ann, references: [], inReplyTo: "ours@y") == "r@x")
            let thread = try await threads.thread(peer: ann, root: "r@x")
            #expect(thread == MailThreads.Thread(subject: "Plans", references: ["r@x", "ours@y"]))
        }
    }

    @Test func `nobody gets into another's thread`() async throws {
        let threads = MailThreads(MemoryChannelState())
        try await threads.add("r@x", to: "root@x", peer: ann, subject: "Secret plans")
        #expect(try await threads.root(peer: bob, references: [], inReplyTo: "r@x") == "r@x")
        #expect(try await threads.thread(peer: bob, root: "root@x") == nil)
        #expect(try await threads.thread(peer: MailPeer(ann.address, isList: true), root: "root@x") == nil)
    }

    @Test func `mails that only claim to be somebody's change nothing of that person's threads`() async throws {
        let threads = MailThreads(MemoryChannelState())
        try await threads.add("r0@x", to: "r0@x", peer: ann, subject: "Plans", isProved: true)
        for number in 0..<1_000 {
            try await threads.add("f\(number)@x", to: "r\(number)@x", peer: ann, subject: "Evil", isProved: false)
        }
        let thread = try await threads.thread(peer: ann, root: "r0@x")
        #expect(thread == MailThreads.Thread(subject: "Plans", references: ["r0@x"]))
        #expect(try await threads.root(peer: ann, references: [], inReplyTo: "f999@x", isProved: true) == "f999@x")
        #expect(try await threads.root(peer: ann, references: [], inReplyTo: "f999@x", isProved: false) == "r999@x")
        // What answers them stays with them.
        try await threads.add("ours@y", to: "r999@x", peer: ann, subject: "Evil")
        let claimed = try await threads.thread(peer: ann, root: "r999@x")
        #expect(claimed?.references == ["r999@x", "f999@x", "ours@y"])
        #expect(try await threads.root(peer: ann, references: [], inReplyTo: "ours@y", isProved: true) == "ours@y")
    }

    @Test func `a flood of one correspondent pushes nobody else out`() async throws {
        let threads = MailThreads(MemoryChannelState())
        try await threads.add("r@x", to: "r@x", peer: ann, subject: "Plans")
        for number in 0..<1_000 { try await threads.add("m\(number)@x", to: "r\(number)@x", peer: bob, subject: "s") }
        #expect(try await threads.thread(peer: ann, root: "r@x") != nil)
        #expect(try await threads.thread(peer: bob, root: "r0@x") == nil)
    }

    @Test func `what is kept is bounded`() async throws {
        let state = MemoryChannelState()
        let threads = MailThreads(state)
        for number in 0..<3_000 { try await threads.add("m\(number)@x", to: "r\(number)@x", peer: ann, subject: "s") }
        #expect(try await threads.thread(peer: ann, root: "r0@x") == nil)
        #expect(try await threads.thread(peer: ann, root: "r2999@x") != nil)
        for number in 0..<50 { try await threads.add("n\(number)@x", to: "r@x", peer: ann, subject: "s") }
        let thread = try #require(try await threads.thread(peer: ann, root: "r@x"))
        #expect(thread.references.count == MessageIDs.most)
        #expect(thread.references.first == "r@x" && thread.references.last == "n49@x")
    }

    @Test(arguments: [
        ("<a@b> <c@d>", ["a@b", "c@d"]), ("<a@b\t c>", ["a@bc"]), ("a@b", []), ("<>", []), ("<a<b>", []),
        ("<a\u{7F}@b>", []), ("", []),
        ("<" + String(repeating: "a", count: 300) + ">", []), ("<a@b>(x)<c@d", ["a@b"]),
    ])
    func `ids are read from fields`(_ field: String, _ ids: [String]) { #expect(MessageIDs.all(in: field) == ids) }

    @Test func `own ids are known again and hold nothing but plain characters`() {
        let ids = OwnMessageIDs(ann.address)
        let id = ids.id(forPart: "m_20yeab>\r\n-0")
        #expect(MessageIDs.isPlain(id) && ids.isOurs(id) && id == ids.id(forPart: "m_20yeab-0"))
        #expect(!OwnMessageIDs(bob.address).isOurs(id))
    }
}

@Suite struct PositionTests {
    private let known = MailboxPosition(validity: 7, last: 40, arrivedAt: Timestamp(milliseconds: 1_795_888_800_000))

    @Test func `a mailbox is read from where it was left`() {
        #expect(MailboxPosition.start(known, .init(validity: 7, next: 50)) == .after(40))
        #expect(MailboxPosition.start(nil, .init(validity: 7, next: 50)) == .fromNowOn)
        #expect(MailboxPosition.start(known, .init(validity: 8, next: 2)) == .since(day: "27-Nov-2026"))
    }
}
