import Core

@testable import ChannelMatrix

enum MatrixEvents {
    private static let me = "@house:example.org"

    /// The answer to a sync.
    static func sync(_ body: [UInt8]) {
        guard let json = try? JSONReader.read(body), let reply = SyncReply(json, me: me) else { return }
        for invite in reply.invites {
            require(MatrixID.isRoom(invite.room) && MatrixID.isUser(invite.inviter), "an invitation is from somebody")
        }
        for room in reply.joined {
            roomIsNamed(room.room)
            require((room.people ?? 0) >= 0, "no room has less than nobody in it")
            for event in room.state + room.timeline { check(event, in: room.room) }
        }
        for room in reply.left {
            roomIsNamed(room.room)
            require(room.ending.map { $0.stateKey == me } ?? true, "a room ends by the own membership")
        }
        for message in reply.toDevice { _ = CanonicalJSON.signedBytes(message) }
    }

    private static func roomIsNamed(_ room: String) {
        let address = MatrixID.address(of: room, account: me)
        require(MatrixID.room(address, account: me) == room, "a room's address is read back: \(room)")
        require(address.account == MatrixID.escaped(me), "an address is of its account: \(address)")
        let colons = address.platformID.utf8.count { $0 == UInt8(ascii: ":") }
        require(colons == 2, "a chat's id has three parts: \(address)")
    }

    private static func check(_ event: RoomEvent, in room: String) {
        require(MatrixID.isEvent(event.id) && MatrixID.isUser(event.sender), "an event has its ids")
        require(!MatrixID.server(of: event.sender).isEmpty, "a user is of a server")
        require((0...(1 << 51)).contains(event.sentAt.milliseconds), "a time is one that a clock may show")
        require(!event.sentAt.description.isEmpty, "a time can be shown")
        var stored = event
        stored.isRedacted = false
        require(RoomEvent(event.json) == stored, "an event that is stored is the same event")
        switch EventReading(event, me: me) {
        case .message(let content, let relation):
            check(content)
            if let target = relation.repliesTo { require(MatrixID.isEvent(target), "an answer is to an event") }
            if let root = relation.thread { require(MatrixID.isEvent(root), "a thread begins with an event") }
        case .edit(let target, let content):
            check(content)
            require(MatrixID.isEvent(target), "an edit is of an event")
        case .reaction(let target, let key):
            require(MatrixID.isEvent(target) && (1...64).contains(key.utf8.count), "a reaction is short")
            if let number = Keycap.number(key) { require((1...10).contains(number), "a keycap is 1 to 10") }
        case .redaction(let target): require(MatrixID.isEvent(target), "a redaction is of an event")
        case .tombstone(let room): require(MatrixID.isRoom(room), "a room has a successor")
        case .nothing: break
        }
    }

    private static func check(_ content: MessageContent) {
        guard let media = content.media else { return }
        require(!media.server.isEmpty && !media.id.isEmpty, "a file is somewhere")
        require(!media.id.contains("/") && !media.server.contains("/"), "a file's place has two parts")
        if let cipher = media.cipher {
            let isWhole = cipher.key.count == 32 && cipher.counter.count == 16 && cipher.sha256.count == 32
            require(isWhole, "a key has its sizes")
            let again = AttachmentKey(cipher.json(url: "mxc://a/b"))
            require(again == cipher, "a key that is written is the same key")
        }
    }

    /// JSON of a homeserver, and JSON as it is signed.
    static func json(_ text: [UInt8]) {
        let read = try? JSONReader.read(text)
        let other = try? JSONText.decode(JSONValue.self, text)
        // The other reader takes UTF-16 and a mark of byte order too, which nobody may send (RFC 8259 §8.1).
        let isPlain = !text.contains(0) && text.first.map { $0 < 0xEF } ?? true
        if other != nil, isPlain { require(read != nil, "what is JSON is read") }
        guard let value = read, let canonical = CanonicalJSON.bytes(value) else { return }
        require((try? JSONReader.read(canonical)) == value, "canonical JSON says the same")
        require((try? JSONText.decode(JSONValue.self, canonical)) == value, "others read the same in it")
        require(CanonicalJSON.bytes(value) == canonical, "one value has one canonical form")
        if let signed = CanonicalJSON.signedBytes(value), let object = value.object,
            object["signatures"] == nil, object["unsigned"] == nil
        {
            require(signed == canonical, "what has no signature is signed as it is")
        }
    }
}
