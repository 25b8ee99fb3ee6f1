import Core
import TestSupport
import Testing

@testable import ChannelSlack

@Suite struct `Frames of Socket Mode` {
    @Test func `are read`() throws {
        #expect(try SocketFrame(#"{"type":"hello","num_connections":1}"#) == .hello)
        #expect(try SocketFrame(#"{"type":"disconnect","reason":"warning"}"#) == .disconnect(reason: "warning"))
        #expect(try SocketFrame(#"{"type":"pong"}"#) == .other)
        #expect(throws: (any Error).self) { try SocketFrame("hello") }
    }

    @Test(
        "are acknowledged as their kind wants",
        arguments: [
            ("events_api", #"{"envelope_id":"e1"}"#), ("interactive", #"{"envelope_id":"e1"}"#),
            ("slash_commands", #"{"envelope_id":"e1","payload":{"response_type":"in_channel"}}"#),
            ("of_tomorrow", #"{"envelope_id":"e1"}"#),
        ]
    )
    func envelopes(_ type: String, _ acknowledgement: String) throws {
        let frame = try SocketFrame(#"{"envelope_id":"e1","type":"\#(type)","payload":{"a":1}}"#)
        guard case .envelope(let envelope) = frame else {
            Issue.record("no envelope")
            return
        }
        #expect(envelope.acknowledgement == acknowledgement)
        #expect((envelope.delivery == nil) == (type == "of_tomorrow"))
    }
}

@Suite struct `Sockets of Socket Mode` {
    @Test(
        "are one, and two only while one relieves the other",
        arguments: [
            ([], [.open(1)]),
            ([.hello(1)], []),
            // Relieved: first the new one, then the old one goes.
            ([.hello(1), .refresh(1)], [.open(2)]),
            ([.hello(1), .refresh(1), .hello(2)], [.retire(1)]),
            ([.hello(1), .refresh(1), .hello(2), .ended(1)], []),
            ([.hello(1), .refresh(1), .refresh(1)], []),
            ([.hello(1), .refresh(1), .hello(2), .refresh(1)], []),
            // Lost.
            ([.hello(1), .ended(1)], [.openLater(2), .lost]),
            ([.ended(1)], [.openLater(2), .lost]),
            ([.ended(1), .ended(2)], [.openLater(3), .lost]),
            ([.hello(1), .ended(1), .hello(2)], []),
            // Lost while the new one is being opened: there is one under way already.
            ([.hello(1), .refresh(1), .ended(1)], [.lost]),
            ([.hello(1), .refresh(1), .ended(1), .hello(2)], []),
            // The new one fails: the old one goes on, another is tried.
            ([.hello(1), .refresh(1), .ended(2)], [.openLater(3)]),
            ([.hello(1), .refresh(1), .ended(2), .hello(3)], [.retire(1)]),
            // Late words of sockets that are gone.
            ([.hello(1), .ended(1), .hello(2), .ended(1)], []),
            ([.hello(1), .ended(1), .hello(2), .hello(1)], []),
        ] as [([SocketRotation.Event], [SocketRotation.Action])]
    )
    func rotation(_ events: [SocketRotation.Event], _ last: [SocketRotation.Action]) {
        var rotation = SocketRotation()
        var actions = rotation.start()
        for event in events { actions = rotation.handle(event) }
        #expect(actions == last)
    }

    @Test func `are never more than two, whatever happens`() {
        var generator = Seeded(state: 7)
        for _ in 0..<2000 {
            var rotation = SocketRotation()
            var open: Set<Int> = []
            func perform(_ actions: [SocketRotation.Action]) {
                for action in actions {
                    switch action {
                    case .open(let id), .openLater(let id): #expect(open.insert(id).inserted)
                    case .retire(let id): open.remove(id)
                    case .lost: break
                    }
                }
            }
            perform(rotation.start())
            for _ in 0..<20 {
                let id = open.randomElement(using: &generator) ?? 0
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: perform(rotation.handle(.hello(id)))
                case 1: perform(rotation.handle(.refresh(id)))
                default:
                    open.remove(id)
                    perform(rotation.handle(.ended(id)))
                }
                #expect((1...2).contains(open.count))
            }
        }
    }
}
