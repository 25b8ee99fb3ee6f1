import Core
import Prompting
import SessionStore

/// Ids, addresses, file names, commands and skill files: the small parsers of `Core`.
///
/// Each is compared with a plain statement of its rule.
struct AddressesTarget: FuzzTarget {
    static let name = "addresses"

    func run(_ input: [UInt8]) {
        var choices = Choices(input)
        let kind = choices.below(6)
        let text = String(decoding: choices.remainder(), as: UTF8.self)
        switch kind {
        case 0: identifiers(text)
        case 1: chats(text)
        case 2: fileNames(text)
        case 3: commands(text)
        case 4: skills(text)
        default: zones(text)
        }
    }

    private static let word = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-".unicodeScalars)

    private func isWord(_ text: String) -> Bool { text.unicodeScalars.allSatisfy(Self.word.contains) }

    private func identifiers(_ text: String) {
        let id = SessionID(rawValue: text)
        require(
            (id != nil) == (isWord(text) && (1...64).contains(text.utf8.count)),
            "an id is 1 to 64 of [A-Za-z0-9_-]"
        )
        if PathSegment.isGroupFolder(text) {
            require(id != nil && !text.hasPrefix("-") && !text.hasPrefix("_") && text != "global", "a folder is an id")
        }
        let local = PathSegment.localName(text)
        require(local == PathSegment.localName(local), "a local name stays as it is")
        require(
            !local.isEmpty && !local.hasPrefix("-") && !local.hasSuffix("-") && !local.contains("--")
                && local == local.lowercased() && isWord(local) && !local.contains("_"),
            "a local name is [a-z0-9-]: \(local)"
        )
        let bytes = Array(text.utf8)
        let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
        let isUser = colon.map { $0 > 0 && $0 < bytes.count - 1 } ?? false
        guard let user = UserID(text) else { return require(!isUser, "\(text) is a user") }
        require(isUser, "a user is <channel>:<id>")
        require(user.description.utf8.elementsEqual(text.utf8), "a user reads back as written")
        require(!user.channel.utf8.contains(UInt8(ascii: ":")), "a channel holds no colon")
        require(!user.channel.isEmpty && !user.native.isEmpty, "no part of a user is empty")
        guard let json = try? JSONText.encode(user), let back = try? JSONText.decode(UserID.self, json) else {
            violated("a user goes through JSON")
        }
        require(back == user, "a user goes through JSON as itself")
    }

    private func chats(_ text: String) {
        let parts = text.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        let address = ChatAddress(
            channel: parts[0],
            platformID: parts.count > 1 ? parts[1] : "",
            thread: parts.count > 2 ? parts[2] : nil
        )
        guard let json = try? JSONText.encode(address), let back = try? JSONText.decode(ChatAddress.self, json) else {
            violated("an address goes through JSON")
        }
        require(back == address, "an address goes through JSON as itself")
        require(
            address.chat.thread == nil && address.chat.account == address.account,
            "a thread has its chat's account"
        )
        if let account = address.account {
            require(
                address.platformID.utf8.starts(with: "\(address.channel):\(account):".utf8),
                "an account is the second part"
            )
        }
        if let parsed = try? JSONText.decode(ChatAddress.self, text) {
            guard let json = try? JSONText.encode(parsed), let again = try? JSONText.decode(ChatAddress.self, json)
            else {
                violated("an address that was read can be written")
            }
            require(again == parsed, "an address reads back as itself")
        }
    }

    private func fileNames(_ text: String) {
        #if PLANTED
        // A rule that forgets the folder above.
        let isSafe = PathSegment.isSafe(text) || text == ".."
        #else
        let isSafe = PathSegment.isSafe(text)
        #endif
        if isSafe {
            require(!["", ".", ".."].contains(text) && text.utf8.count <= 255, "a name is a name")
            let path = "/box/\(text)".utf8.split(separator: UInt8(ascii: "/"))
            require(path.count == 2 && !path[1].elementsEqual("..".utf8), "a name stays in its folder")
            require(
                !text.utf8.contains { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") },
                "no control characters"
            )
            require(
                !text.unicodeScalars.contains { scalar in
                    (0x80..<0xA0).contains(scalar.value) || (0x202A...0x202E).contains(scalar.value)
                        || (0x2066...0x2069).contains(scalar.value) || [0x2028, 0x2029].contains(scalar.value)
                },
                "no sign that breaks a line or turns its direction"
            )
            let free = FileName.free(text, among: [text])
            require(free != text && !free.utf8.contains(UInt8(ascii: "/")), "a second file gets another name")
        }
    }

    private func commands(_ text: String) {
        guard let command = SlashCommand(text) else { return }
        require((1...32).contains(command.name.utf8.count) && isWord(command.name), "a command is a word")
        require(command.name == command.name.lowercased(), "in lower case")
        require(command.arguments == command.arguments.trimmingWhiteSpace, "without white space around its arguments")
        let again = SlashCommand("/\(command.name) \(command.arguments)")
        require(again == command, "a command reads back as itself: \(command)")
    }

    private func skills(_ text: String) {
        do throws(SkillError) {
            let skill = try SkillFile(text)
            require((1...64).contains(skill.name.utf8.count) && isWord(skill.name), "a skill's name is a word")
            require((1...1024).contains(skill.description.count), "a description has 1 to 1024 characters")
            require(!skill.body.isEmpty, "a skill says what to do")
            require(
                !skill.name.unicodeScalars.contains { $0.value < 0x20 }
                    && !skill.description.unicodeScalars.contains { $0.value < 0x20 && ![9, 10].contains($0.value) },
                "no control characters in what is listed"
            )
        } catch {
            require(error.line >= 1 && error.line <= text.unicodeScalars.count + 2, "an error names a line: \(error)")
        }
    }

    private func zones(_ text: String) {
        guard ZoneClock.isKnown(text) else { return }
        require(!text.hasPrefix("/") && !text.contains("..") && text.utf8.count <= 64, "a zone stays in its database")
        require(ZoneClock(zone: text).text(Timestamp(milliseconds: 0)).utf8.count >= 16, "a zone shows a time")
    }
}
