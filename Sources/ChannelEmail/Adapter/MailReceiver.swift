import ChannelKit
import ChannelNetwork
import Core
import LinuxIO
import Logging

/// Reads an account's mailbox over one connection and hands its mails over, in order, each before it is counted as read.
final class MailReceiver {
    /// Bytes of a mail that are asked for at once.
    private static let piece = 128 << 10
    /// A mail is read up to this multiple of the largest file.
    private static let largestMail = 3
    /// Times that a mail which breaks the connection is tried before it is passed over.
    private static let mostTries = 3
    /// Idling ends and begins anew after this: well before servers (29 min) and routers forget it.
    private static let idleLimit: Duration = .seconds(600)
    private static let positionKey = "position"
    /// How many mails in somebody's name are heard as a person's.
    private static let hourly = Rate(60, per: .seconds(3600))

    private let settings: EmailSettings
    private let tools: ChannelTools
    private let threads: MailThreads
    /// What is only claimed to be somebody's is counted apart: it uses up nothing of theirs.
    private let limits = (
        proved: CorrespondentLimit(MailReceiver.hourly), claimed: CorrespondentLimit(MailReceiver.hourly)
    )
    private let health: HealthKeeper
    private let tls: MailTLS?
    private let reading: MailReading
    private let logger: Logger
    private var isOpen = false
    /// Mails that broke the connection, and how often.
    private var tries: (uid: UInt32, count: Int) = (0, 0)

    init(
        _ settings: EmailSettings,
        _ tools: ChannelTools,
        threads: MailThreads,
        health: HealthKeeper,
        tls: MailTLS?,
        logger: Logger
    ) {
        self.settings = settings
        self.tools = tools
        self.threads = threads
        self.health = health
        self.tls = tls
        reading = MailReading(settings: settings, ids: OwnMessageIDs(settings.address))
        self.logger = logger
    }

    /// Holds one connection until it ends; throws why.
    func session(_ inbox: any ChannelInbox) async throws {
        try await MailLink.with(settings.imap, tls) { link in
            isOpen = false
            let client = IMAPClient(link) { self.noteHeard() }
            try await client.logIn(user: settings.user, password: settings.password)
            let mailbox = try await client.examine(settings.mailbox)
            var position = try await position(client, mailbox, inbox)
            isOpen = true
            noteHeard()
            while true {
                client.hasNews = false
                position = try await catchUp(client, position, inbox)
                if client.hasNews { continue }
                if client.capabilities.contains("IDLE") {
                    try await client.idle(for: Self.idleLimit, tools.time)
                } else {
                    try await tools.time.sleep(for: settings.poll)
                    try await client.poll()
                    // Without IDLE some servers tell of new mails only when they are looked for.
                    client.hasNews = true
                }
            }
        }
    }

    /// Until the mailbox is open and it is known where to begin, mails that come do not reach anybody.
    private func noteHeard() { if isOpen { health.heard() } }

    // MARK: - Where we are

    private func position(
        _ client: IMAPClient,
        _ mailbox: IMAPClient.Mailbox,
        _ inbox: any ChannelInbox
    ) async throws -> MailboxPosition {
        let text = try await tools.state.value(Self.positionKey)
        let known = text.flatMap { try? JSONText.decode(MailboxPosition.self, $0) }
        switch MailboxPosition.start(known, mailbox) {
        case .after(let last):
            return MailboxPosition(validity: mailbox.validity, last: last, arrivedAt: known?.arrivedAt)
        case .fromNowOn:
            let newest = try await newest(client, mailbox)
            let position = MailboxPosition(validity: mailbox.validity, last: newest, arrivedAt: tools.time.now)
            try await store(position)
            return position
        case .since(let day):
            logger.warning(
                "The mailbox was made anew: mails of the last days are looked through",
                metadata: ["since": "\(day)"]
            )
            let uids = try await client.uids(since: day)
            let before = MailboxPosition(validity: mailbox.validity, last: 0, arrivedAt: known?.arrivedAt)
            return try await handOver(client, uids, before, inbox, newest: try await newest(client, mailbox))
        }
    }

    private func newest(_ client: IMAPClient, _ mailbox: IMAPClient.Mailbox) async throws -> UInt32 {
        if let next = mailbox.next { return max(next, 1) - 1 }
        return try await client.uids(from: 1).last ?? 0
    }

    private func store(_ position: MailboxPosition) async throws {
        try await tools.state.set(Self.positionKey, try JSONText.encode(position))
    }

    // MARK: - Mails

    private func catchUp(
        _ client: IMAPClient,
        _ position: MailboxPosition,
        _ inbox: any ChannelInbox
    ) async throws -> MailboxPosition {
        let uids = try await client.uids(from: position.last + 1)
        return try await handOver(client, uids, position, inbox, newest: 0)
    }

    private func handOver(
        _ client: IMAPClient,
        _ uids: [UInt32],
        _ start: MailboxPosition,
        _ inbox: any ChannelInbox,
        newest: UInt32
    ) async throws -> MailboxPosition {
        var position = start
        for (index, uid) in uids.enumerated() {
            health.waiting(uids.count - index)
            if tries.uid != uid { tries = (uid, 0) }
            if tries.count >= Self.mostTries {
                logger.error("A mail was passed over: it cannot be read", metadata: ["uid": "\(uid)"])
            } else if let arrivedAt = try await take(client, uid, inbox) {
                position.arrivedAt = arrivedAt
                crashPoint("channel.email-taken")
            }
            position.last = uid
            // With other numbers than before the position counts only as a whole.
            if newest == 0 || uid == uids.last { try await store(position) }
        }
        health.waiting(0)
        if position.last < newest {
            position.last = newest
            try await store(position)
        }
        return position
    }

    /// Reads one mail and hands it over; nil when it is gone or nobody is to read it.
    private func take(_ client: IMAPClient, _ uid: UInt32, _ inbox: any ChannelInbox) async throws -> Timestamp? {
        let collector = MailCollector(tools.media)
        do {
            let arrivedAt = try await take(client, uid, collector, inbox)
            await collector.discard()
            return arrivedAt
        } catch {
            await collector.discard()
            if let error = error as? MailError, error.code == .malformed { tries.count += 1 }
            throw error
        }
    }

    private func take(
        _ client: IMAPClient,
        _ uid: UInt32,
        _ collector: MailCollector,
        _ inbox: any ChannelInbox
    ) async throws -> Timestamp? {
        guard let first = try await client.piece(uid, from: 0, count: Self.piece) else { return nil }
        crashPoint("channel.email-received")
        guard !first.flags.contains("\\draft"), !first.flags.contains("\\deleted") else { return nil }
        let arrivedAt = first.arrivedAt ?? tools.time.now
        var bytes = first.bytes
        var count = bytes.count
        var head: MailReading.Head?
        var digest = MailDigest()
        while true {
            try await collector.feed(bytes)
            digest.add(bytes)
            if head == nil, let header = collector.header {
                guard let found = look(header, uid, arrivedAt) else { return arrivedAt }
                head = found
            }
            // Some servers tell a wrong size: a piece that is not full is the last, whatever they tell.
            let isOver = bytes.count < Self.piece || count == first.size
            if isOver || count >= tools.media.largest * Self.largestMail {
                try await collector.finish(isWhole: isOver)
                break
            }
            guard let next = try await client.piece(uid, from: count, count: Self.piece) else { return nil }
            bytes = next.bytes
            count += bytes.count
        }
        guard let header = collector.header, var head = head ?? look(header, uid, arrivedAt) else { return arrivedAt }
        if head.id.isEmpty { head.id = digest.id }
        try await handOver(head, header, collector, arrivedAt, inbox)
        return arrivedAt
    }

    private func look(_ header: HeaderBlock, _ uid: UInt32, _ arrivedAt: Timestamp) -> MailReading.Head? {
        do throws(MailReading.Refusal) {
            return try reading.head(header, arrivedAt: arrivedAt)
        } catch {
            switch error {
            case .own(let id): tools.echoes.saw(id)
            case .ignored(let why): logger.info("A mail was ignored", metadata: ["uid": "\(uid)", "why": "\(why)"])
            }
            return nil
        }
    }

    private func handOver(
        _ read: MailReading.Head,
        _ header: HeaderBlock,
        _ collector: MailCollector,
        _ arrivedAt: Timestamp,
        _ inbox: any ChannelInbox
    ) async throws {
        var head = read
        let limit = head.trust == .verified ? limits.proved : limits.claimed
        if limit.wait(for: head.from.address, at: tools.time.monotonic) != nil {
            head.isBot = true
            head.program = "more mails in an hour than a person writes"
        }
        // Where no server's word counts nobody is proved, and all are alike.
        let isProved = head.trust == .verified || settings.trust?.servers.isEmpty != false
        let root =
            try await threads.root(
                peer: head.peer,
                references: head.references,
                inReplyTo: head.inReplyTo,
                isProved: isProved
            ) ?? head.id
        // Before the host has it: its answer may be quick.
        try await threads.add(
            head.id,
            to: root,
            peer: head.peer,
            subject: MailSubject.bare(head.subject),
            isProved: isProved
        )
        let text = collector.text
        let most = MailReading.longestText
        if text.utf8.count > most, MailReading.said(head, text).utf8.count > most {
            try await collector.keep(text: text)
        }
        let event = reading.event(
            head,
            header,
            text: text,
            files: collector.files,
            notes: collector.notes,
            root: root,
            arrivedAt: arrivedAt
        )
        crashPoint("channel.email-read")
        do {
            try await inbox.accept(event)
        } catch {
            throw MailError(.notStored, "the host could not take a mail", cause: error)
        }
    }
}
