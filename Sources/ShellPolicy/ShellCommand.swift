/// Judges a command of the tool `shell` where the group's policy says `ask`.
///
/// Safe is only what bash and dash read alike and what is seen to read and no more: simple commands whose every word is
/// literal, whose program is a known read-only one with known options, and whose redirections stay in the workspace.
/// Whatever is not understood asks. Pure: no file is looked at, so links are not seen (docs/security.md).
package enum ShellCommand {
    /// What is to happen with a command.
    package enum Verdict: Sendable, Hashable {
        /// It runs without a question.
        case safe
        /// Somebody has to be asked. The reason is one line of plain words that a card can show: it ends without a full
        /// stop and repeats of the command only names made of ASCII letters, digits and `.`, `_`, `/`, `-`.
        case asks(String)
    }

    /// Most bytes of a command that can be safe; a longer one asks.
    package static let lengthLimit = 4096

    /// Judges a command that `/bin/sh -c` is to run.
    ///
    /// - Parameters:
    ///   - command: What the shell is given, all of it.
    ///   - workingDirectory: Where the shell starts; absolute, without links.
    ///   - workspace: The folder below which redirections may write; absolute, without links.
    /// - Returns: Whether it may run at once, or why not.
    package static func judge(_ command: String, workingDirectory: String, workspace: String) -> Verdict {
        guard let start = Folder(workingDirectory), let workspace = Folder(workspace) else {
            return .asks("the working directory is no plain absolute path")
        }
        do throws(Doubt) {
            let list = try CommandList(command)
            var places = Places(start: start, workspace: workspace)
            for command in list.commands { try places.check(command) }
            return .safe
        } catch {
            return .asks(error.reason)
        }
    }
}

/// Why a command cannot be called safe.
struct Doubt: Error {
    /// As in ``ShellCommand/Verdict/asks(_:)``.
    let reason: String

    init(_ reason: String) { self.reason = reason }

    /// A word of the command as a reason may repeat it: in quotes if it is a plain name, else in general terms.
    static func name(_ word: Word) -> String {
        let isPlain = word.bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isPlain, (1...48).contains(word.bytes.count) else { return "a word that is no plain name" }
        return "\"\(word.text)\""
    }
}
