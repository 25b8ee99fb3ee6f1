import Core
import Glibc
import LinuxIO
import ModelProviders

/// The conversation on disk: `transcripts/<name>.jsonl` below the runner's state, one turn a line.
///
/// A continuation names a transcript and its length in bytes (`<name>:<length>`). It is committed with the turn that
/// the last line holds, which is on the disk by then, so what stands behind that length belongs to a turn that never ended,
/// and is cut off by the next one. A missing or shorter file gives the whole lines that there are.
struct Transcript {
    /// Most bytes that are read back; a line holds more than the history does, because of its tool results.
    private static let window = 4 * 1024 * 1024
    /// A transcript of this size is ended, and the next turn starts another with what the history holds.
    private static let largest = 16 * 1024 * 1024

    private struct Line: Codable {
        let turn: TurnID
        let messages: [ModelMessage]
    }

    /// The runner's state, and `transcripts` in it.
    private let (root, directory): (Directory, Directory)
    private var name: String
    private var length: Int
    private var file: Descriptor?
    /// Its name may not be on the disk yet.
    private var isNew = false

    /// The transcript of a continuation, and its turns; a fresh one without or with one that cannot be read.
    static func open(state: String, continuation: String?) throws -> (Transcript, turns: [[ModelMessage]]) {
        let root = try Directory(path: state)
        try root.makeDirectory("transcripts")
        let directory = try root.directory("transcripts")
        let parts = (continuation ?? "").split(separator: ":")
        guard parts.count == 2, PathSegment.isIdentifier(String(parts[0])), let length = Int(parts[1]), length > 0
        else {
            return (Transcript(root, directory), [])
        }
        var transcript = Transcript(root, directory)
        transcript.name = String(parts[0])
        do {
            let file = try directory.open("\(parts[0]).jsonl", O_RDWR)
            let (turns, end) = try Self.turns(file, until: min(length, Int(try file.status().st_size)))
            transcript.file = file
            transcript.length = end
            return (transcript, turns)
        } catch let error as Errno where [EIO, EMFILE, ENFILE, ENOMEM].contains(error.code) {
            // It is there, and can be read when this has passed.
            throw error
        } catch {
            RunnerLog.write("transcript \(parts[0]) cannot be read, a fresh one begins: \(error)")
            return (Transcript(root, directory), [])
        }
    }

    private init(_ root: Directory, _ directory: Directory) {
        (self.root, self.directory) = (root, directory)
        name = TurnID.random().rawValue
        length = 0
    }

    /// The turns of the whole lines before `end`, and where the last of them ends: the next one begins there, since behind
    /// half a line it could not be read.
    private static func turns(_ file: Descriptor, until end: Int) throws -> ([[ModelMessage]], end: Int) {
        let start = max(end - window, 0)
        guard lseek(file.number, off_t(start), SEEK_SET) >= 0 else { throw Errno.last("lseek") }
        var bytes: [UInt8] = []
        while bytes.count < end - start {
            let part = try file.read(upTo: end - start - bytes.count)
            if part.isEmpty { break }
            bytes += part
        }
        let newline = UInt8(ascii: "\n")
        guard let last = bytes.lastIndex(of: newline) else {
            // Where the last whole line ends is not in what was read.
            guard start == 0 else { throw Errno(EFBIG, "read the end of a transcript") }
            return ([], 0)
        }
        var lines = bytes[..<last].split(separator: newline)
        if start > 0, !lines.isEmpty { lines.removeFirst() }
        return (lines.compactMap { try? JSONText.decode(Line.self, $0).messages }, start + last + 1)
    }

    /// Adds a turn behind the last committed one, brings it to the disk, and answers the continuation to commit.
    ///
    /// What a commit names must be there after a power cut: the conversation would go on without what was said last.
    /// `history` holds the turns before it, for when another file begins.
    mutating func append(_ turn: TurnID, _ messages: [ModelMessage], history: History) throws -> String {
        if length > Self.largest {
            self = Transcript(root, directory)
            for earlier in history.turns { try add(turn, earlier) }
        }
        try add(turn, messages)
        try file?.synchronize()
        // The sync of a file says nothing of its name.
        if isNew { for place in [directory, root] { try place.descriptor.synchronize() } }
        isNew = false
        return "\(name):\(length)"
    }

    private mutating func add(_ turn: TurnID, _ messages: [ModelMessage]) throws {
        isNew = isNew || self.file == nil
        let file = try self.file ?? directory.open("\(name).jsonl", O_RDWR | O_CREAT, mode: 0o600)
        self.file = file
        guard ftruncate(file.number, off_t(length)) == 0, lseek(file.number, off_t(length), SEEK_SET) >= 0 else {
            throw Errno.last("ftruncate \(name).jsonl")
        }
        let bytes = Array(try JSONText.data(Line(turn: turn, messages: messages))) + [UInt8(ascii: "\n")]
        try file.write(bytes)
        length += bytes.count
    }

    /// Removes every transcript but this one: a conversation that was cleared comes back with no provider.
    func removeOthers() throws {
        for entry in try directory.names() where entry != "\(name).jsonl" { try directory.remove(entry) }
    }
}
