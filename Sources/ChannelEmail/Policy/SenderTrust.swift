/// Decides whether the address in `From` is who wrote, by what the operator's own mail server found out.
struct SenderTrust: Sendable, Equatable {
    /// Names under which the operator's mail server writes `Authentication-Results`; `*.example.org` for all below it.
    ///
    /// None: nobody is trusted.
    let servers: [String]

    /// What became of it.
    enum Verdict: Sendable, Equatable {
        case verified
        /// Why not, in words.
        case unverified(String)
    }

    /// Looks at the topmost field only: those below it came with the mail, and whoever wrote it could have put them there.
    ///
    /// That field must be the server's own, and say that a DKIM signature of the domain of `From`, or of one above it, is
    /// right. That DMARC passed is not enough, since SPF alone passes it; where DMARC fails, nothing is enough.
    func verdict(from address: MailAddress, _ header: HeaderBlock) -> Verdict {
        guard !servers.isEmpty else { return .unverified("no server is named whose word counts (authserv-id)") }
        guard let field = header.all("authentication-results").first else {
            return .unverified("the mail server says nothing about who sent it")
        }
        guard let results = AuthenticationResults(field) else {
            return .unverified("what the mail server says about the sender cannot be read")
        }
        guard servers.contains(where: { Self.matches($0, results.server) }) else {
            return .unverified("the word of another server than authserv-id names")
        }
        let domain = address.domain
        let dmarc = results.results.filter { $0.method == "dmarc" }
        // Two different words on one thing: part of the field was planted.
        guard Set(dmarc.map(\.outcome)).count <= 1 else { return .unverified("DMARC has two outcomes") }
        if dmarc.first?.outcome == "fail" { return .unverified("DMARC fails for \(domain)") }
        let isSigned = results.results.contains { result in
            result.method == "dkim" && result.outcome == "pass" && Self.isAligned(result, domain)
        }
        return isSigned ? .verified : .unverified("no right DKIM signature of \(domain)")
    }

    private static func isAligned(_ result: AuthenticationResults.Result, _ domain: String) -> Bool {
        let signer = result.properties["header.d"]
        let identity = result.properties["header.i"].map {
            String($0[($0.lastIndex(of: "@").map($0.index(after:)) ?? $0.startIndex)...])
        }
        guard let claim = signer ?? identity else { return false }
        if let signer, let identity, !isWithin(identity, signer) { return false }
        return isWithin(domain, claim)
    }

    /// True for the same domain and for one below it; a top-level domain holds nobody.
    private static func isWithin(_ domain: String, _ parent: String) -> Bool {
        parent.contains(".") && MailAddress.isDomain(parent) && (domain == parent || domain.hasSuffix("." + parent))
    }

    private static func matches(_ name: String, _ server: String) -> Bool {
        name.hasPrefix("*.") ? server.hasSuffix(name.dropFirst()) : server == name
    }
}
