import Core
import Testing

@testable import People

@Suite struct `One-time codes` {
    @Test func `T38 a code has eight letters of twenty, each as likely, and no two codes are alike`() {
        var counts: [UInt8: Int] = [:]
        var seen: Set<String> = []
        for _ in 0..<5_000 {
            let code = PairingCode.random()
            #expect(code.letters.count == 8)
            for letter in code.letters { counts[letter, default: 0] += 1 }
            seen.insert(code.text)
        }
        #expect(seen.count == 5_000)
        #expect(Set(counts.keys) == Set(PairingCode.alphabet))
        // 2000 expected of each; six standard deviations are 262.
        #expect(counts.values.allSatisfy { (1_730...2_270).contains($0) })
    }

    @Test func `no letter reads as another, and none is a vowel or a digit`() {
        let text = String(decoding: PairingCode.alphabet, as: UTF8.self)
        #expect(Set(text).count == 20)
        #expect(!text.contains { "AEIOUY01258".contains($0) })
    }

    @Test(arguments: ["BCDF-GHJK", "BCDFGHJK", "bcdf-ghjk", "  bcdfGHJK\n"])
    func `a code is read with or without its hyphen, in any case`(text: String) {
        #expect(PairingCode(message: text)?.text == "BCDF-GHJK")
    }

    @Test(arguments: [
        "", "BCDF", "BCDFGHJKL", "my code is BCDF-GHJK", "BCDF-GHJK thanks", "BCDF GHJK", "BCD-FGHJK", "BCDF--GHJK",
        "-BCDFGHJK", "ACDFGHJK", "0CDFGHJK", "\u{0412}CDFGHJK", "BCDF\u{2010}GHJK", "BCDFGHJ\u{0301}K", "/BCDFGHJK",
        "BCDFGHJ\0", String(repeating: " ", count: 100) + "BCDFGHJK",
    ])
    func `only the whole message is a code`(text: String) { #expect(PairingCode(message: text) == nil) }

    @Test func `a digest is of this code and this salt alone`() throws {
        let code = try #require(PairingCode(message: "BCDF-GHJK"))
        let other = try #require(PairingCode(message: "BCDF-GHJL"))
        let salt = [UInt8](repeating: 7, count: 16)
        let digest = try code.digest(salt: salt)
        #expect(try code.matches(digest, salt: salt))
        #expect(try !other.matches(digest, salt: salt))
        #expect(try !code.matches(digest, salt: [UInt8](repeating: 8, count: 16)))
        #expect(try !code.matches([], salt: salt) && !code.matches(digest + [0], salt: salt))
    }

    @Test func `T38 five tries count, the sixth is refused until ten minutes after the fifth`() {
        var tries = PairingTries()
        let first = (0..<5).map { tries.take(at: now + .seconds(100 * $0)) }
        #expect(first.allSatisfy { $0 })
        let fifth = now + .seconds(400)
        let more = [1, 100, 599].map { tries.take(at: fifth + .seconds($0)) }
        #expect(more.allSatisfy { !$0 })
        // What is refused does not put it off.
        #expect(tries.lastAt == fifth)
        let later = tries.take(at: fifth + .seconds(600))
        #expect(later && tries.count == 1)
    }

    @Test func `no sender has more than five tries at one code, whenever they begin`() {
        for early in 0...6 {
            for gap in [1, 30, 119, 150, 200, 599] {
                var tries = PairingTries()
                for number in 0..<early { _ = tries.take(at: now - .seconds(gap * (early - number))) }
                // The code is valid from now for ten minutes.
                let counted = (0..<600).count { tries.take(at: now + .seconds($0)) }
                #expect(counted <= 5, "\(early) tries before, \(gap) s apart")
            }
        }
    }
}
