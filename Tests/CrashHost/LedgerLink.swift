import ChannelKit
import Core
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
    private let state = Mutex(State())

    init(_ socket: PacketSocket) { self.socket = socket }

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
            senderNativeID: "ann",
            senderName: "Ann",
            content: ChatContent(text: line.text),
            // A thread of a group is a conversation of its own.
            isGroup: line.address.thread != nil,
            attachments: line.file.map { [InboundFile(name: "note.txt", source: .bytes(Array($0.utf8)))] } ?? []
        )
        var answer = LedgerLine(.accepted, id: line.id, address: line.address)
        do {
            try await inbox.accept(event)
        } catch {
            answer.kind = .refused
            answer.text = "\(error)"
        }
        tell(answer)
    }

    /// Returns once the driver has it in its ledger.
    func send(_ message: OutboundMessage) async {
        guard case .text(let text, let files) = message.body else { return }
        let file = files.first.map { file in
            let bytes = (try? file.descriptor.readAll(limit: 1000)) ?? []
            return "\(file.name):\(String(decoding: bytes, as: UTF8.self))"
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
        await link.send(message)
        return SentMessage(platformMessageID: message.idempotencyKey)
    }

    func setTyping(_ address: ChatAddress) async {}

    func openDM(_ user: UserID) async throws -> ChatAddress? { nil }
}
