import ChannelKit
import Core

/// Parts of a message that go out as one mail: text with the files that fit beside it.
struct MailBundle: Sendable {
    /// The longest subject that is made of a text.
    private static let longestSubject = 70

    /// The key of the first part in it.
    var key: String
    var markdown: String
    var files: [OutboundFile] = []

    /// Equal messages make equal bundles, so that one of which some are sent can be gone on with.
    ///
    /// Reactions are left out; `largest` bounds the files of one mail together, in bytes.
    static func bundles(_ parts: OutgoingParts, largest: Int) -> [MailBundle] {
        var bundles: [MailBundle] = []
        var size = 0
        for part in parts.parts {
            switch part.content {
            case .text(let text), .edit(_, let text):
                if bundles.isEmpty { bundles.append(MailBundle(key: part.idempotencyKey, markdown: "")) }
                let last = bundles.count - 1
                bundles[last].markdown += (bundles[last].markdown.isEmpty ? "" : "\n\n") + text.markdown
            case .file(let file):
                if bundles.isEmpty || (size + file.size > largest && !bundles[bundles.count - 1].files.isEmpty) {
                    bundles.append(MailBundle(key: part.idempotencyKey, markdown: ""))
                    size = 0
                }
                size += file.size
                bundles[bundles.count - 1].files.append(file)
            case .reaction: continue
            }
        }
        return bundles
    }

    /// Subject and text of a mail that begins a conversation: a first line `Subject: …` is the subject.
    func opening(of agentName: String) -> (subject: String, markdown: String) {
        let lines = markdown.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        if let first = lines.first, first.lowercased().hasPrefix("subject:") {
            let subject = String(first.dropFirst("subject:".count)).onOneLine
            if !subject.isEmpty { return (subject, lines.count == 2 ? String(lines[1]).trimmingWhiteSpaceLines : "") }
        }
        let words = (lines.first ?? "").filter { !"#*_`>[]".contains($0) }
        let line = String(words).onOneLine
        if line.isEmpty { return ("Message from \(agentName.onOneLine)", markdown) }
        return (line.count <= Self.longestSubject ? line : String(line.prefix(Self.longestSubject - 1)) + "…", markdown)
    }
}
