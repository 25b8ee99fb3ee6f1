import Core

@testable import Approvals
@testable import People

/// Plans as they are stored and shown, and the codes that people send: what an agent or a stranger writes, and what a person's
/// word is bound to.
struct PlansTarget: FuzzTarget {
    static let name = "plans"

    func run(_ input: [UInt8]) {
        var choices = Choices(input)
        let kind = choices.below(3)
        let text = String(decoding: choices.remainder(), as: UTF8.self)
        switch kind {
        case 0: stored(text)
        case 1: shown(text)
        default: code(text)
        }
    }

    /// A stored text is a plan only as the one text that its hash is of.
    private func stored(_ text: String) {
        guard let hash = try? PlanHash(of: Array(text.utf8)), let plan = try? Plan(stored: text, hash: hash) else {
            return
        }
        require(Array(plan.text.utf8) == Array(text.utf8), "a plan that was read is its own text: \(text)")
        let again = try? Plan(action: plan.action, agentGroup: plan.agentGroup, payload: plan.payload)
        require(again?.hash == hash, "made again it is the same: \(text)")
        require((try? Plan(stored: text + " ", hash: hash)) == nil, "one more byte is another plan: \(text)")
    }

    /// What the card shows, read back, is the payload; nothing on it hides or turns.
    private func shown(_ text: String) {
        let payload = (try? JSONValue(parsing: text)) ?? .string(text)
        guard let plan = try? Plan(action: "act", agentGroup: nil, payload: payload) else { return }
        require((try? Plan(stored: plan.text, hash: plan.hash))?.hash == plan.hash, "it is stored and read: \(text)")
        let json = PlanText.pretty(plan.payload)
        #if PLANTED
        // A card that ends where its reader gets tired.
        let read = try? JSONValue(parsing: String(json.prefix(64)))
        #else
        let read = try? JSONValue(parsing: json)
        #endif
        let back = read.flatMap { try? Plan(action: "act", agentGroup: nil, payload: $0) }
        require(back?.hash == plan.hash, "the card holds all of it: \(json)")
        for line in [PlanText.code(text), PlanText.title(text)] {
            require(!line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }, "one line: \(line)")
            require(!line.unicodeScalars.contains { (0x202A...0x202E).contains($0.value) }, "nothing turns: \(line)")
        }
        let body = PlanText.body(plan, summary: PlanText.code(text), asker: "the host.")
        require(body.contains("sha256:\(plan.hash)"), "the card names the hash: \(body)")
    }

    /// A message is a code only if it is eight letters of the alphabet and nothing else.
    private func code(_ text: String) {
        guard let code = PairingCode(message: text) else { return }
        require(code.letters.count == 8, "eight letters: \(text)")
        require(code.letters.allSatisfy { "BCDFGHJKLMNPQRSTVWXZ".utf8.contains($0) }, "of the alphabet: \(text)")
        require(PairingCode(message: code.text) == code, "what is shown is the code: \(text)")
        let letters = text.utf8.filter { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "-") }
        require(letters.count == 8, "nothing else stands in the message: \(text)")
        guard let digest = try? code.digest(salt: [1, 2, 3]) else { violated("a code has a digest") }
        require((try? code.matches(digest, salt: [1, 2, 3])) == true, "a code is its own: \(text)")
        require((try? code.matches(digest, salt: [1, 2])) == false, "with its own salt only: \(text)")
    }
}
