import Core

/// What a message holds beside text and files, said in words.
enum TelegramWords {
    /// The lines that stand before the message's own text.
    static func before(_ message: TelegramMessage) -> [String] {
        var lines: [String] = []
        if let origin = message.forwardOrigin { lines.append("[Forwarded from \(name(ofOrigin: origin))]") }
        if let other = message.externalReply {
            let quote = message.quote.map { ": \($0.text)" } ?? ""
            lines.append(
                "[Answers a message of \(name(ofOrigin: other[key: "origin"] ?? .null)) in another chat\(quote)]"
            )
        }
        return lines
    }

    /// What stands in place of a text: places, people, polls, stickers, and what no agent can be shown.
    static func content(_ message: TelegramMessage) -> [String] {
        var lines: [String] = []
        if let venue = message.venue {
            let place = venue[key: "location"].map(position) ?? ""
            lines.append("[Place: \(strings(venue, ["title", "address"], ", "))\(place.isEmpty ? "" : ", \(place)")]")
        } else if let location = message.location {
            lines.append("[Location: \(position(location))]")
        }
        if let contact = message.contact {
            lines.append("[Contact: \(strings(contact, ["first_name", "last_name", "phone_number"], " "))]")
        }
        if let poll = message.poll {
            let options = (poll[key: "options"]?.array ?? []).compactMap { $0[key: "text"]?.string }
            lines.append("[Poll: \(poll[key: "question"]?.string ?? "") \(options.joined(separator: " / "))]")
        }
        if let list = message.checklist {
            let tasks = (list[key: "tasks"]?.array ?? []).map { task in
                let isDone = (task[key: "completion_date"]?.integer ?? 0) > 0
                return "\(isDone ? "[x]" : "[ ]") \(task[key: "text"]?.string ?? "")"
            }
            lines.append(([list[key: "title"]?.string ?? "Checklist"] + tasks).joined(separator: "\n"))
        }
        if let game = message.game { lines.append("[Game: \(strings(game, ["title", "description"], ", "))]") }
        if message.story != nil { lines.append("[A story, which bots cannot see]") }
        if message.paidMedia != nil { lines.append("[Media to be paid for, which bots cannot see]") }
        if let dice = message.dice {
            lines.append("[Thrown: \(dice[key: "emoji"]?.string ?? "dice") \(dice[key: "value"]?.integer ?? 0)]")
        }
        if let sticker = message.sticker { lines.append("[Sticker \(sticker.emoji ?? "")]") }
        if let rich = message.richMessage { lines.append(texts(rich).joined(separator: "\n")) }
        return lines
    }

    /// Whom a `MessageOrigin` names.
    static func name(ofOrigin origin: JSONValue) -> String {
        if let user = origin[key: "sender_user"] { return strings(user, ["first_name", "last_name"], " ") }
        if let name = origin[key: "sender_user_name"]?.string { return name }
        if let chat = origin[key: "sender_chat"] ?? origin[key: "chat"], let title = chat[key: "title"]?.string {
            return title
        }
        return "somebody"
    }

    private static func position(_ location: JSONValue) -> String {
        func number(_ key: String) -> String {
            switch location[key: key] {
            case .integer(let whole)?: "\(whole)"
            case .number(let fraction)?: "\(fraction)"
            default: "?"
            }
        }
        return "\(number("latitude")), \(number("longitude"))"
    }

    private static func strings(_ value: JSONValue, _ keys: [String], _ separator: String) -> String {
        keys.compactMap { value[key: $0]?.string }.joined(separator: separator)
    }

    /// The texts of a rich message's blocks, in order, whatever their shape.
    private static func texts(_ value: JSONValue, depth: Int = 0) -> [String] {
        guard depth < 32 else { return [] }
        if let list = value.array { return list.flatMap { texts($0, depth: depth + 1) } }
        guard let fields = value.object else { return [] }
        if let text = fields["text"]?.string { return [text] }
        // The keys that hold content in `RichBlock` and `RichText`; what a picture or a link is called is none.
        return ["blocks", "text", "items", "rows", "cells", "caption", "summary"].flatMap { key in
            fields[key].map { texts($0, depth: depth + 1) } ?? []
        }
    }
}
