import Synchronization

/// A mailbox that a test writes to, and the answers of a server that holds it.
final class ScriptedMailbox: Sendable {
    struct State {
        var validity = 1
        var mails: [(uid: Int, text: String)] = []
        var capabilities = "IMAP4rev1 AUTH=PLAIN"
        /// Answers this many fetches with a literal that nobody asked for.
        var poison = 0
        /// Refuses this many logins.
        var refusals = 0
        /// A mail that comes while IDLE is being taken: it is told of before the server says that it idles.
        var late: (uid: Int, text: String)?
        /// The size that is told of each mail, and the most bytes that are given at once; nil: as it is.
        var toldSize: Int?
    }

    let state = Mutex(State())

    func add(_ uid: Int, _ text: String) { state.withLock { $0.mails.append((uid, Self.mail(uid, text))) } }

    static func mail(_ uid: Int, _ text: String) -> String {
        "From: ann@example.org\r\nMessage-ID: <\(uid)@x>\r\nSubject: s\r\n\r\n\(text)"
    }

    func answer(_ line: String) -> String? {
        let words = line.split(separator: " ").map(String.init)
        guard words.count > 1 else {
            let isRefused = state.withLock { state in
                state.refusals -= 1
                return state.refusals >= 0
            }
            return "\(last.withLock { $0 }) \(isRefused && line != "DONE" ? "NO [AUTHENTICATIONFAILED] no" : "OK")\r\n"
        }
        let tag = words[0]
        return state.withLock { state in
            switch words[1] {
            case "CAPABILITY": return "* CAPABILITY \(state.capabilities)\r\n\(tag) OK\r\n"
            case "AUTHENTICATE":
                last.withLock { $0 = tag }
                return "+\r\n"
            case "EXAMINE":
                return "* \(state.mails.count) EXISTS\r\n* OK [UIDVALIDITY \(state.validity)] x\r\n\(tag) OK\r\n"
            case "UID" where words[2] == "SEARCH":
                let first = words[3] == "SINCE" ? 1 : Int(words[4].split(separator: ":")[0]) ?? 0
                let found = state.mails.map(\.uid).filter { $0 >= first }
                // The newest mail is always among them, as the standard has it.
                let all = found.isEmpty ? state.mails.suffix(1).map(\.uid) : found
                return "* SEARCH \(all.map(String.init).joined(separator: " "))\r\n\(tag) OK\r\n"
            case "UID":
                if state.poison > 0 {
                    state.poison -= 1
                    return "* 1 FETCH (UID \(words[3]) BODY[]<0> {99999999}\r\n"
                }
                guard let mail = state.mails.first(where: { "\($0.uid)" == words[3] }) else { return "\(tag) OK\r\n" }
                let place = line.split(separator: "<").last?.prefix { $0 != ">" }.split(separator: ".") ?? []
                let (start, most) = (Int(place.first ?? "") ?? 0, Int(place.last ?? "") ?? 0)
                let bytes = String(decoding: Array(mail.text.utf8).dropFirst(start).prefix(most), as: UTF8.self)
                let size = state.toldSize ?? mail.text.utf8.count
                return
                    "* 1 FETCH (UID \(mail.uid) RFC822.SIZE \(size) FLAGS () INTERNALDATE \"28-Nov-2026 18:00:00 +0000\" "
                    + "BODY[]<\(start)> {\(bytes.utf8.count)}\r\n\(bytes))\r\n\(tag) OK\r\n"
            case "IDLE":
                guard let late = state.late else { return "\(tag) BAD no\r\n" }
                state.late = nil
                state.mails.append(late)
                last.withLock { $0 = tag }
                return "* \(state.mails.count) EXISTS\r\n+ idling\r\n"
            default: return "\(tag) OK\r\n"
            }
        }
    }

    private let last = Mutex("")
}
