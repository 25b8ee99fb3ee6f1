import Core

/// What `nanoclaw channels …` says to people.
enum ChannelTexts {
    /// The platforms with what each needs.
    static func platforms(_ rows: [JSONValue]) -> String {
        rows.map { row in
            let fields = (row[key: "fields"]?.array ?? []).map { field in
                let key = field[key: "key"]?.string ?? ""
                let kind = field[key: "secret"]?.bool == true ? "--secret \(key)=FILE" : "--set \(key)=…"
                let may = field[key: "standard"] == nil ? "" : " (may be left out)"
                return "  \(kind)\(may)\n      \(SafeText.oneLine(field[key: "help"]?.string ?? ""))"
            }
            let title = "nanoclaw channels add \(row[key: "channel"]?.string ?? ""): \(row[key: "title"]?.string ?? "")"
            return ([title] + fields).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    /// What was removed, and what may be left of it elsewhere.
    static func removal(of name: String, _ answer: JSONValue) -> String {
        guard let why = answer[key: "left"]?.string else { return "removed \(name)" }
        return "removed \(name)\n! its platform may still keep a session or a webhook of it: \(SafeText.oneLine(why))"
    }

    /// One account a paragraph.
    static func status(_ rows: [JSONValue]) -> String {
        rows.map { row in
            let health = row[key: "health"] ?? .null
            var lines = [
                "\(row[key: "name"]?.string ?? "")  \(health[key: "state"]?.string ?? "")"
                    + (health[key: "since"]?.integer.map { " since \(TimeText.short($0))" } ?? "")
                    + (row[key: "title"]?.string.map { "  \(SafeText.oneLine($0))" } ?? "")
            ]
            if let transport = health[key: "transport"]?.string { lines.append("  by \(transport)") }
            if let heard = health[key: "lastEvent"]?.integer { lines.append("  last heard \(TimeText.short(heard))") }
            if let waiting = health[key: "backlog"]?.integer, waiting > 0 { lines.append("  \(waiting) events wait") }
            if let until = health[key: "rateLimitedUntil"]?.integer {
                lines.append("  asked to send nothing before \(TimeText.short(until))")
            }
            for problem in [health[key: "detail"], row[key: "lastError"]].compactMap({ $0?.string }) {
                lines.append("  ! \(SafeText.oneLine(problem))")
            }
            return lines.joined(separator: "\n")
        }.joined(separator: "\n")
    }

    /// Which half of an account was proved.
    static func trial(_ trial: JSONValue) -> String {
        switch trial[key: "isSeen"]?.bool {
        case true?: return "sent, and seen to come back: both halves work"
        case false?:
            return "sent, but not seen to come back within 10 s: what people write may not arrive "
                + "(\(ProgramName.command("channels status")))"
        case nil:
            let health = trial[key: "health"] ?? .null
            let heard = health[key: "lastEvent"]?.integer.map { ", last heard \(TimeText.short($0))" } ?? ""
            return "sent; this platform does not show an account its own messages. The receiving half is "
                + "\(health[key: "state"]?.string ?? "unknown")\(heard): write to it to see it work"
        }
    }

    /// The code and how to send it.
    static func pairing(_ answer: JSONValue) -> String {
        let code = answer[key: "code"]?.string ?? ""
        let to = SafeText.oneLine(answer[key: "to"]?.string ?? "the bot")
        let how = answer[key: "how"]?.string.map { "\(SafeText.oneLine($0))\n\n" } ?? ""
        return """
            \(code)

            \(how)Send this to \(to) as a direct message, and nothing else, within ten minutes.
            It works once: whoever sends it becomes \(answer[key: "gives"]?.string ?? "").
            """
    }
}
