import ChannelKit
import Core

@testable import Approvals
@testable import People

/// Plans as they are stored and shown, and the codes and answers that people send: what an agent or a stranger writes, and
/// what a person's word is bound to.
struct PlansTarget: FuzzTarget {
    static let name = "plans"

    func run(_ input: [UInt8]) {
        var choices = Choices(input)
        let kind = choices.below(4)
        let text = String(decoding: choices.remainder(), as: UTF8.self)
        switch kind {
        case 0: stored(text)
        case 1: shown(text)
        case 2: code(text)
        default: reply(text)
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

    /// A message is an answer only as a whole: said again from what was read, it is the same answer.
    private func reply(_ text: String) {
        guard let reply = CardReply(text) else { return }
        require((1...99).contains(reply.number), "a choice has one or two digits: \(text)")
        if let code = reply.code {
            let (letter, digit) = (code.utf8.first ?? 0, code.utf8.last ?? 0)
            require(code.utf8.count == 2, "a code has two characters: \(text)")
            require((0x41...0x5A).contains(letter) && (0x32...0x39).contains(digit), "a letter and a digit: \(text)")
        }
        if let note = reply.note {
            require((1...CardReply.longestNote).contains(note.utf8.count), "a note has its bound: \(text)")
        }
        let said = "\(reply.number)" + (reply.code.map { " \($0)" } ?? "") + (reply.note.map { ": \($0)" } ?? "")
        require(CardReply(said) == reply, "an answer reads back as itself: \(text)")
        if let code = reply.code {
            let small = CardReply("\(reply.number) \(code.lowercased())")
            require(small?.code == code, "small letters name the same card: \(text)")
        }
        if reply.note == nil { require(CardReply(said + " apples") == nil, "2 apples is what it says: \(text)") }
    }
}
