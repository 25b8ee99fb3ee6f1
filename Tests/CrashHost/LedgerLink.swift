import ChannelKit
import Core
import Glibc
import LinuxIO
import Synchronization
import TestSupport

/// The host's end of the socket to the driver, shared by the channel doubles.
final class LedgerLink: Sendable {
    private struct State {
        var inboxes: [String: any ChannelInbox] = [:]
        var early: [LedgerLine] = []
        var waiting: [String: CheckedContinuation<Void, Never>] = [:]
        var lastSend = 0
    }

    private let socket: PacketSocket
    /// Where files stand until the host has them, as those that an adapter has fetched.
    private let media: String
    private let state = Mutex(State())

    init(_ socket: PacketSocket, media: String) throws {
        self.socket = socket
        self.media = media
        if mkdir(media, 0o700) != 0, errno != EEXIST { throw Errno.last("mkdir \(media)") }
    }

    /// Serves until the driver is gone.
    func run() async {
        await withDiscardingTaskGroup { group in
            while (try? await Readiness.shared.readable(socket.descriptor)) != nil {
                receive: while true {
                    switch try? socket.receive(limit: LedgerLine.limit) {
                    case .message(let bytes, _):
                        guard let line = try? JSONText.decode(LedgerLine.self, bytes) else { continue }
                        take(line, &group)
                    case .empty: break receive
                    case .gone, nil: return group.cancelAll()
                    }
                }
            }
        }
    }

    private func take(_ line: LedgerLine, _ group: inout DiscardingTaskGroup) {
        switch line.kind {
        case .sent: state.withLock { $0.waiting.removeValue(forKey: line.id) }?.resume()
        case .event:
            let inbox = state.withLock { state -> (any ChannelInbox)? in
                if state.inboxes[line.address.channel] == nil { state.early.append(line) }
                return state.inboxes[line.address.channel]
            }
            if let inbox { group.addTask { await self.hand(line, to: inbox) } }
        case .accepted, .refused, .send: return
        }
    }

    /// Takes the channel's events from now on, until cancelled.
    func serve(_ channel: String, _ inbox: any ChannelInbox) async throws {
        let early = state.withLock { state in
            state.inboxes[channel] = inbox
            defer { state.early.removeAll { $0.address.channel == channel } }
            return state.early.filter { $0.address.channel == channel }
        }
        for line in early { await hand(line, to: inbox) }
        while true { try await Task.sleep(for: .seconds(3600)) }
    }

    private func hand(_ line: LedgerLine, to inbox: any ChannelInbox) async {
        let event = InboundEvent(
            address: line.address,
            platformMessageID: line.id,
            sentAt: SystemTime().now,
            senderNativeID: line.sender ?? "ann",
            senderName: line.sender ?? "Ann",
            content: ChatContent(text: line.text),
            // A thread of a group is a conversation of its own.
            isGroup: line.address.thread != nil,
            attachments: line.file.map { fetch($0, for: line.id) } ?? []
        )
        var answer = LedgerLine(.accepted, id: line.id, address: line.address)
        do {
            try await inbox.accept(event)
        } catch {
            answer.kind = .refused
            answer.text = "\(error)"
        }
        unlink("\(media)/\(line.id)")
        tell(answer)
    }

    private func fetch(_ text: String, for id: String) -> [InboundFile] {
        let path = "\(media)/\(id)"
        // Fetching itself is nobody's business here: a test lets calls in the folder fail.
        let part = "\(media)-\(id)"
        let number = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard number >= 0, (try? Descriptor(owning: number).write(text.utf8)) != nil, rename(part, path) == 0 else {
            return []
        }
        return [InboundFile(name: "note.txt", source: .file(path))]
    }

    /// Returns once the driver has it in its ledger.
    func send(_ message: OutboundMessage) async throws(ChannelError) {
        guard case .text(let text, let files) = message.body else { return }
        var file: String?
        if let first = files.first {
            do {
                let bytes = try first.descriptor.readAll(limit: 1000)
                file = "\(first.name):\(String(decoding: bytes, as: UTF8.self))"
            } catch {
                throw ChannelError(.transient, "the file cannot be read", cause: error)
            }
        }
        let number = state.withLock { state in
            state.lastSend += 1
            return state.lastSend
        }
        // The number tells two sends under one key apart.
        let id = "\(number):\(message.idempotencyKey)"
        await withCheckedContinuation { continuation in
            state.withLock { $0.waiting[id] = continuation }
            tell(LedgerLine(.send, id: id, address: message.address, text: text, file: file))
        }
    }

    private func tell(_ line: LedgerLine) {
        guard let bytes = try? JSONText.data(line) else { return }
        _ = try? socket.send(Array(bytes))
    }
}

/// A platform whose every send is in the driver's ledger.
struct LedgerChannel: ChannelAdapter {
    let channel: String
    let capabilities: ChannelCapabilities
    let link: LedgerLink

    var health: ChannelHealth { ChannelHealth(state: .connected) }

    func run(_ inbox: any ChannelInbox) async throws { try await link.serve(channel, inbox) }

    func deliver(_ message: OutboundMessage) async throws(ChannelError) -> SentMessage {
        try await link.send(message)
        return SentMessage(platformMessageID: message.idempotencyKey)
    }

    func setTyping(_ address: ChatAddress) async {}

    func openDM(_ user: UserID) async throws -> ChatAddress? { nil }
}
