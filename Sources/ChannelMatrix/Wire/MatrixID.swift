import Core

/// Ids of Matrix (specification, appendices, "Identifier Grammar"), and how they stand in addresses.
///
/// Rooms of version 12 have ids without a server part: nothing here looks for one but in ids of users.
enum MatrixID {
    static let channel = "matrix"

    /// The longest id in bytes.
    private static let longest = 255

    /// `@localpart:server`.
    static func isUser(_ text: String) -> Bool {
        guard isID(text, sigil: "@"), let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
        return text.utf8.distance(from: text.startIndex, to: colon) > 1
            && text.utf8.index(after: colon) != text.endIndex
    }

    static func isRoom(_ text: String) -> Bool { isID(text, sigil: "!") }

    static func isEvent(_ text: String) -> Bool { isID(text, sigil: "$") }

    /// The server in a user's id; empty in what is none.
    static func server(of user: String) -> String {
        guard let colon = user.utf8.firstIndex(of: UInt8(ascii: ":")) else { return "" }
        return String(user[user.utf8.index(after: colon)...])
    }

    private static func isID(_ text: String, sigil: Character) -> Bool {
        let bytes = text.utf8
        return text.first == sigil && (2...longest).contains(bytes.count)
            && bytes.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }

    /// An id as a part of a platform id: `%` and `:` escaped.
    static func escaped(_ id: String) -> String {
        var text = ""
        for scalar in id.unicodeScalars {
            switch scalar {
            case "%": text += "%25"
            case ":": text += "%3A"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// The id that was escaped; nil for text that ``escaped(_:)`` does not make.
    static func unescaped(_ part: String) -> String? {
        var id: [UInt8] = []
        // By bytes: as a character a mark is another one when an accent follows it.
        var rest = Array(part.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                id.append(byte)
                continue
            }
            switch String(decoding: rest.prefix(2), as: UTF8.self) {
            case "25": id.append(UInt8(ascii: "%"))
            case "3A": id.append(UInt8(ascii: ":"))
            default: return nil
            }
            rest = rest.dropFirst(2)
        }
        let text = String(decoding: id, as: UTF8.self)
        return escaped(text) == part ? text : nil
    }

    /// The address of a room, or of a thread in it.
    static func address(of room: String, account: String, thread: String? = nil) -> ChatAddress {
        ChatAddress(channel: channel, platformID: "\(channel):\(escaped(account)):\(escaped(room))", thread: thread)
    }

    /// The room that an address of this account names; nil for others.
    static func room(_ address: ChatAddress, account: String) -> String? {
        let prefix = "\(channel):\(escaped(account)):"
        guard address.channel == channel, address.platformID.utf8.starts(with: prefix.utf8),
            let room = unescaped(String(address.platformID.utf8.dropFirst(prefix.utf8.count)) ?? ""), isRoom(room)
        else { return nil }
        return room
    }
}
