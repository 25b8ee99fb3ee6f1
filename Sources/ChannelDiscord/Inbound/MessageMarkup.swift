import Core

/// Discord's own marks in a message's source: mentions, emoji and times in angle brackets
/// (<https://discord.com/developers/docs/reference#message-formatting>).
struct MessageMarkup: Sendable, Equatable {
    /// One mark.
    enum Mark: Sendable, Equatable {
        case user(String)
        case role(String)
        case channel(String)
        case emoji(name: String)
        case command(name: String)
        case time(seconds: Int64)
    }

    /// Source between marks, and marks, in order.
    private enum Piece: Sendable, Equatable {
        case text(String)
        case mark(Mark)
    }

    /// Names for what the marks point to.
    struct Names: Sendable, Equatable {
        var users: [String: String] = [:]
        var roles: [String: String] = [:]
        var channels: [String: String] = [:]
    }

    /// The longest mark that is looked for, in bytes.
    private static let longest = 128

    private var pieces: [Piece] = []

    init(_ source: String) {
        var text = Substring(source)
        var plain = ""
        // By scalars: as a character a bracket is another one when an accent follows it.
        while let open = text.unicodeScalars.firstIndex(of: "<") {
            plain += text[..<open]
            let rest = text.unicodeScalars[text.unicodeScalars.index(after: open)...]
            if let end = rest.prefix(Self.longest).firstIndex(of: ">"), let mark = Self.mark(String(rest[..<end])) {
                if !plain.isEmpty { pieces.append(.text(plain)) }
                plain = ""
                pieces.append(.mark(mark))
                text = text[text.unicodeScalars.index(after: end)...]
            } else {
                plain += "<"
                text = text[rest.startIndex...]
            }
        }
        plain += text
        if !plain.isEmpty { pieces.append(.text(plain)) }
    }

    /// The marks, in order.
    var marks: [Mark] {
        pieces.compactMap { if case .mark(let mark) = $0 { mark } else { nil } }
    }

    /// The text with names for marks; mentions of the bot itself (its user or role) at either end are left out.
    func text(_ names: Names, own: Set<Mark>) -> String {
        var shown = pieces[...]
        shown = shown.drop { isOwn($0, own) || isBlank($0) }
        while let last = shown.last, isOwn(last, own) || isBlank(last) { shown.removeLast() }
        // Who writes nothing but the mention has said something all the same.
        if shown.isEmpty { shown = pieces[...] }
        return shown.map { piece in
            switch piece {
            case .text(let text): text
            case .mark(let mark): Self.shown(mark, names)
            }
        }.joined().trimmingWhiteSpace
    }

    private func isOwn(_ piece: Piece, _ own: Set<Mark>) -> Bool {
        if case .mark(let mark) = piece { own.contains(mark) } else { false }
    }

    private func isBlank(_ piece: Piece) -> Bool {
        if case .text(let text) = piece { text.trimmingWhiteSpace.isEmpty } else { false }
    }

    private static func shown(_ mark: Mark, _ names: Names) -> String {
        switch mark {
        case .user(let id): "@\(names.users[id] ?? id)"
        case .role(let id): "@\(names.roles[id] ?? "role \(id)")"
        case .channel(let id): "#\(names.channels[id] ?? id)"
        case .emoji(let name): ":\(name):"
        case .command(let name): "/\(name)"
        case .time(let seconds): "\(Timestamp(milliseconds: seconds * 1000))"
        }
    }

    private static func mark(_ inner: String) -> Mark? {
        for (prefix, make) in [("@&", Mark.role), ("@!", Mark.user), ("@", Mark.user), ("#", Mark.channel)] {
            guard inner.utf8.starts(with: prefix.utf8) else { continue }
            let id = String(decoding: inner.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
            return Snowflake.isValid(id) ? make(id) : nil
        }
        let parts = inner.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        switch parts.first {
        case "", "a":
            guard parts.count == 3, !parts[1].isEmpty, Snowflake.isValid(parts[2]) else { return nil }
            return .emoji(name: parts[1])
        case "t":
            guard (2...3).contains(parts.count), let seconds = Int64(parts[1]),
                seconds.magnitude < 1 << 43
            else {
                return nil
            }
            return .time(seconds: seconds)
        case .some(let first) where first.hasPrefix("/"):
            guard parts.count == 2, first.utf8.count > 1, Snowflake.isValid(parts[1]) else { return nil }
            return .command(name: String(first.dropFirst()))
        default: return nil
        }
    }
}

extension MessageMarkup.Mark: Hashable {}
