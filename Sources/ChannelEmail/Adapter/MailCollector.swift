import ChannelKit
import Core
import Dispatch
import LinuxIO

/// Takes a mail in as it comes: its text is kept, its files go to the media folder.
final class MailCollector {
    /// Bounds of one mail.
    enum Limit {
        /// Text of all parts, in bytes before it is read.
        static let text = 1 << 20
        static let files = 32
        /// Files that are over the largest one together, times this.
        static let allFiles = 2
    }

    /// The longest name in a note, in scalars.
    private static let longestName = 100

    private struct Text {
        var part: MailPart
        var bytes: [UInt8] = []
        var isCut = false
    }

    private struct File {
        var part: MailPart
        var name: String
        var target: MediaFolder.File?
        var size = 0
        /// Why it is not kept.
        var refusal: String?
    }

    private let media: MediaFolder
    private let queue = DispatchQueue(label: "nanoclaw.email.files")
    private var parser = MailParser()
    private(set) var header: HeaderBlock?
    private var texts: [Text] = []
    private var textSize = 0
    private var file: File?
    private var isInText = false
    private var kept = 0
    private(set) var files: [InboundFile] = []
    /// Lines about files that are not here.
    private(set) var notes: [String] = []

    init(_ media: MediaFolder) { self.media = media }

    /// Takes the next bytes of the mail.
    func feed(_ bytes: [UInt8]) async throws { try await take(parser.feed(bytes)) }

    /// Takes the end; `isWhole` is false when the rest of the mail is left at the server.
    func finish(isWhole: Bool) async throws {
        if !isWhole, file != nil { file?.refusal = "the mail is too large" }
        try await take(parser.finish())
        if !isWhole { notes.append("[the rest of the mail was not fetched: it is too large]") }
    }

    /// Keeps a text that is too long for a message, as the first of the files.
    func keep(text: String) async throws {
        let file = try await media.make(Array(text.utf8))
        files.insert(InboundFile(name: MailReading.textName, mediaType: "text/plain", source: .file(file.path)), at: 0)
    }

    /// Removes what was kept.
    func discard() async {
        if let target = file?.target { await media.remove(paths: [target.path]) }
        await media.remove(files)
    }

    private func take(_ events: [MailParser.Event]) async throws {
        for event in events {
            switch event {
            case .header(let header): self.header = header
            case .begin(let part): try await begin(part)
            case .data(let bytes): try await data(bytes)
            case .end: try await end()
            }
        }
    }

    private func begin(_ part: MailPart) async throws {
        isInText = part.isText
        guard !part.isText else { return texts.append(Text(part: part)) }
        guard !part.isSignature else { return }
        var next = File(part: part, name: part.fileName ?? part.usualName)
        if files.count + notes.count >= Limit.files {
            next.refusal = "there are too many files"
        } else {
            next.target = try await media.make()
        }
        file = next
    }

    private func data(_ bytes: [UInt8]) async throws {
        if isInText, let last = texts.indices.last {
            let room = Limit.text - textSize
            texts[last].bytes += bytes.prefix(max(0, room))
            textSize += min(bytes.count, max(0, room))
            if bytes.count > room { texts[last].isCut = true }
            return
        }
        guard var current = file else { return }
        current.size += bytes.count
        if current.refusal == nil {
            if current.size > media.largest {
                current.refusal = "it has more than \(Self.size(media.largest))"
            } else if kept + current.size > media.largest * Limit.allFiles {
                current.refusal = "the files of the mail are too large together"
            } else if let target = current.target {
                try await write(bytes, to: target)
            }
        }
        file = current
    }

    private func end() async throws {
        isInText = false
        guard let done = file else { return }
        file = nil
        guard let target = done.target, done.refusal == nil else {
            if let target = done.target { await media.remove(paths: [target.path]) }
            let size = done.size > 0 ? " (\(Self.size(done.size)))" : ""
            if notes.count < Limit.files {
                let why = done.refusal ?? "it cannot be kept"
                notes.append("[file \(done.name.scalars(Self.longestName))\(size) was not fetched: \(why)]")
            }
            return
        }
        kept += done.size
        files.append(
            InboundFile(
                type: done.part.fileKind,
                name: done.name,
                mediaType: done.part.type,
                source: .file(target.path)
            )
        )
    }

    private func write(_ bytes: [UInt8], to target: MediaFolder.File) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            queue.async { continuation.resume(with: Result { try target.descriptor.write(bytes) }) }
        }
    }

    private static func size(_ bytes: Int) -> String {
        bytes < 1 << 20 ? "\(max(1, bytes >> 10)) KiB" : "\(bytes >> 20) MiB"
    }

    // MARK: - Text

    /// What people read: of alternatives the plain one, else the words of the HTML.
    var text: String {
        var pieces: [String] = []
        var seen: Set<Int> = []
        for text in texts {
            guard let alternative = text.part.alternative else {
                pieces.append(Self.read(text))
                continue
            }
            guard seen.insert(alternative).inserted else { continue }
            let ways = texts.filter { $0.part.alternative == alternative }
            let plain = ways.filter { $0.part.type != "text/html" }.map(Self.read)
            let isPlain = plain.contains { !$0.trimmingWhiteSpace.isEmpty }
            pieces += isPlain ? plain : ways.filter { $0.part.type == "text/html" }.map(Self.read)
        }
        return pieces.map(\.trimmingWhiteSpaceLines).filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private static func read(_ text: Text) -> String {
        var words = Charset.text(text.bytes, text.part.charset).replacing("\0", with: "")
        words = words.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        if text.part.type == "text/html" {
            words = HTMLText.text(words)
        } else if text.part.isFlowed {
            words = FlowedText.unwrapped(words, dropsSpaces: text.part.dropsSpaces)
        }
        return text.isCut ? words + "\n[the text is too long and was cut]" : words
    }
}
