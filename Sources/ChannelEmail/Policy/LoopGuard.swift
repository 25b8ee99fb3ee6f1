/// Tells what programs send from what people write, so that no two machines answer each other for ever.
enum LoopGuard {
    /// What a mail is.
    enum Verdict: Sendable, Equatable {
        /// A person wrote it, as far as can be told.
        case person
        /// It came over a mailing list with this address.
        case list(MailAddress)
        /// A program wrote it: a notice, a newsletter.
        case program(String)
        /// Nobody is to read it, and least of all to answer.
        case ignored(String)
        /// The account's own mail, come back.
        case own
    }

    /// Judges a mail by its header; `path` is where it was delivered to.
    static func verdict(_ header: HeaderBlock, from: MailAddress, own: MailAddress, ids: OwnMessageIDs) -> Verdict {
        if let id = MessageIDs.first(in: header["message-id"]), ids.isOurs(id) { return .own }
        if from == own { return .own }
        if header.all("x-loop").contains(where: { $0.onOneLine.lowercased() == own.description }) {
            return .ignored("it has been through this account before")
        }
        if header["return-path"]?.onOneLine == "<>" {
            return .ignored("it has no return path: a bounce or an automatic answer")
        }
        if ["mailer-daemon", "postmaster"].contains(from.local) { return .ignored("a mail server wrote it") }
        let type = header["content-type"].map { ParameterField($0) }
        if type?.value == "multipart/report" { return .ignored("it is a delivery report") }
        if let word = header["auto-submitted"].map({ ParameterField($0).value }), word != "no" {
            return word.hasPrefix("auto-generated")
                ? .program("Auto-Submitted: \(word)") : .ignored("Auto-Submitted: \(word)")
        }
        if header["x-autoreply"] != nil || header["x-autorespond"] != nil || header["x-auto-reply"] != nil {
            return .ignored("it is an automatic answer")
        }
        let precedence = header["precedence"]?.onOneLine.lowercased()
        if precedence == "auto_reply" { return .ignored("it is an automatic answer") }
        if let list = list(header) { return .list(list) }
        if header["list-id"] != nil || header["list-unsubscribe"] != nil { return .program("it is a mailing") }
        if let precedence, ["bulk", "junk", "list"].contains(precedence) {
            return .program("Precedence: \(precedence)")
        }
        if header["feedback-id"] != nil { return .program("it is a mailing") }
        if ["noreply", "no-reply", "donotreply", "do-not-reply"].contains(from.local) {
            return .program("nobody reads \(from)")
        }
        return .person
    }

    /// Where one writes to a list (RFC 2369 `List-Post`); nil for a mailing that takes no posts.
    private static func list(_ header: HeaderBlock) -> MailAddress? {
        guard let field = header["list-post"] else { return nil }
        var rest = field[...]
        while let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
            let target = rest[rest.index(after: open)..<close]
            if target.lowercased().hasPrefix("mailto:") {
                return MailAddress(String(target.dropFirst(7).prefix { $0 != "?" }))
            }
            rest = rest[rest.index(after: close)...]
        }
        return nil
    }
}
