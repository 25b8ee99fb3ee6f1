import ChannelKit
import ChannelNetwork
import Core

/// The bodies of requests that send or change messages.
struct MessageBody: Sendable {
    /// Bit of a message's flags: Discord does not fetch what the text links to.
    private static let withoutEmbeds = 1 << 2
    /// Bit of a message's flags: only the person of the interaction sees it.
    private static let ephemeral = 1 << 6

    var content: String?
    /// Buttons beneath it; with an empty list those that were there go.
    var rows: [[Button]]?
    /// The message it answers.
    var quotes: String?
    /// The same for each attempt; Discord makes one message of those that come within minutes.
    var nonce: String?
    /// Names of the files that go along, in order.
    var files: [String] = []

    /// The body as JSON; nobody is ever notified by what it says.
    var json: String {
        var json = JSONWriter()
        json.object { write(&$0) }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    /// The body of a new post in a forum.
    func post(named name: String) -> String {
        var json = JSONWriter()
        json.object { json in
            json.field("name", name)
            json.key("message")
            json.object { write(&$0) }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    /// A text that only the person of an interaction sees.
    static func whisper(_ text: String) -> String {
        var json = JSONWriter()
        json.object { json in
            json.field("content", text)
            json.field("flags", raw: "\(ephemeral | withoutEmbeds)")
            silent(&json)
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    /// A text alone.
    static func plain(_ text: String) -> String { MessageBody(content: text).json }

    /// The first answer to an interaction, of a type of Discord's; `isPrivate` for one that only the person sees.
    static func callback(type: Int, isPrivate: Bool = false) -> String {
        isPrivate ? #"{"type":\#(type),"data":{"flags":\#(ephemeral)}}"# : #"{"type":\#(type)}"#
    }

    private func write(_ json: inout JSONWriter) {
        if let content { json.field("content", content) }
        json.field("flags", raw: "\(Self.withoutEmbeds)")
        Self.silent(&json)
        if let rows {
            json.key("components")
            json.array { json in
                for row in rows {
                    json.object { json in
                        json.field("type", raw: "1")
                        json.key("components")
                        json.array { json in for button in row { button.write(&json) } }
                    }
                }
            }
        }
        if let quotes {
            json.key("message_reference")
            json.object { json in
                json.field("message_id", quotes)
                json.field("fail_if_not_exists", raw: "false")
            }
        }
        if !files.isEmpty {
            json.key("attachments")
            json.array { json in
                for (index, name) in files.enumerated() {
                    json.object { json in
                        json.field("id", "\(index)")
                        json.field("filename", name)
                    }
                }
            }
        }
        if let nonce {
            json.field("nonce", nonce)
            json.field("enforce_nonce", raw: "true")
        }
    }

    private static func silent(_ json: inout JSONWriter) {
        json.field("allowed_mentions", raw: #"{"parse":[],"replied_user":false}"#)
    }
}

/// One button.
struct Button: Sendable, Equatable {
    private static let longestLabel = 80
    private static let longestURL = 512
    private static let inRow = 5
    private static let mostRows = 5

    var label: String
    /// 1 primary, 2 secondary, 4 danger, 5 link.
    var style: Int
    /// What a press brings back; nil for a link.
    var id: String?
    var url: String?

    /// Whether a message can have all options of a card as buttons; else they are numbered.
    static func canShow(_ card: Card) -> Bool { rows(of: card).joined().count == card.options.count }

    /// The buttons of a card in rows; links that Discord takes for none are left out, and so is what is over 25.
    static func rows(of card: Card) -> [[Button]] {
        var buttons: [Button] = []
        var choice = 0
        for option in card.options {
            let label = label(option.label)
            if let url = option.url {
                guard url.hasPrefix("https://") || url.hasPrefix("http://"), url.utf8.count <= longestURL else {
                    continue
                }
                buttons.append(Button(label: label, style: 5, url: url))
            } else {
                buttons.append(Button(label: label, style: style(option.style), id: card.button(choice)))
                choice += 1
            }
        }
        return stride(from: 0, to: min(buttons.count, inRow * mostRows), by: inRow).map {
            Array(buttons[$0..<min($0 + inRow, buttons.count)])
        }
    }

    func write(_ json: inout JSONWriter) {
        json.object { json in
            json.field("type", raw: "2")
            json.field("style", raw: "\(style)")
            json.field("label", label)
            if let id { json.field("custom_id", id) }
            if let url { json.field("url", url) }
        }
    }

    private static func label(_ text: String) -> String {
        let scalars = text.unicodeScalars
        if scalars.isEmpty { return "…" }
        return scalars.count <= longestLabel ? text : String(scalars.prefix(longestLabel - 1)) + "…"
    }

    private static func style(_ style: CardOption.Style) -> Int {
        switch style {
        case .plain: 2
        case .primary: 1
        case .danger: 4
        }
    }
}

/// A message's nonce: what Discord tells two attempts at the same message by.
enum Nonce {
    private static let longest = 25

    /// At most 25 characters that stand for a key of any length.
    static func of(_ key: String) -> String {
        let digest = HMACSignature.code(.sha256, key: Array("discord nonce".utf8), Array(key.utf8))
        return String(Hex.encode(digest).prefix(longest))
    }
}
