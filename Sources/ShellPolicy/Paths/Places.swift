/// The folders in which a command may find itself, and what it may read and write from there.
struct Places {
    /// What a program does with a path.
    enum Use {
        /// Opens or looks at it.
        case reads
        /// The same with everything below it.
        case walks
    }

    let workspace: Folder
    /// Every folder that may be the working directory: whether a `cd` was run, and worked, is not known.
    private(set) var current: [Folder]
    private(set) var hasMoved = false

    /// Most folders that are kept apart; more ask.
    private static let limit = 16
    /// What holds no files: processes with their memory and descriptors, devices, the kernel's settings.
    private static let special: Set<[UInt8]> = Set(["proc", "dev", "sys"].map { Array($0.utf8) })
    /// Files of the workspace that the host or the agent takes instructions from, in lower case.
    private static let trusted: Set<String> = [
        "claude.md", "claude.local.md", "agents.md", "skills", "memory", "skill.md",
    ]

    init(start: Folder, workspace: Folder) {
        current = [start]
        self.workspace = workspace
    }

    // MARK: - Reading

    /// Checks a path that a program reads.
    func checkRead(_ word: Word, _ use: Use = .reads) throws(Doubt) {
        // Nothing is opened under an empty name; a lone - is the standard input, or a file of that name.
        if word.bytes.isEmpty { return }
        for folder in try folders(word) {
            if let first = folder.names.first, Self.special.contains(first) {
                guard folder == Folder("/dev/null") else {
                    throw Doubt("it reads processes, devices or settings of the kernel below /proc, /dev or /sys")
                }
            }
            if use == .walks, folder.isRoot { throw Doubt("it goes through everything from / on, /proc and /dev too") }
        }
    }

    /// Checks what a program reads that was given no path: the working directory.
    func checkCurrent(_ use: Use) throws(Doubt) { try checkRead(Word("."), use) }

    // MARK: - Writing

    /// Checks the target of `>` or `>>`.
    func checkWrite(_ word: Word) throws(Doubt) {
        guard !word.isPattern else { throw Doubt("it writes to a file that a pattern names") }
        guard !word.bytes.isEmpty else { throw Doubt("a redirection names no file") }
        for folder in try folders(word) where folder != Folder("/dev/null") {
            guard folder.isWithin(workspace), folder != workspace else {
                throw Doubt("it writes outside of the workspace")
            }
            guard !hasMoved || word.bytes.first == UInt8(ascii: "/") else {
                throw Doubt("it writes to a file whose folder depends on a cd before")
            }
            for name in folder.names.dropFirst(workspace.names.count) {
                let text = String(decoding: name, as: UTF8.self)
                guard let first = name.first, first != UInt8(ascii: "."), first != UInt8(ascii: "-") else {
                    throw Doubt("it writes to a hidden file, or to one whose name looks like an option")
                }
                guard !Self.trusted.contains(text.lowercased()) else {
                    throw Doubt("it writes to instructions, skills or memory")
                }
            }
        }
    }

    // MARK: - Moving

    /// Takes note of a `cd`, which may fail: both folders are possible from here on.
    mutating func move(to word: Word) throws(Doubt) {
        guard !word.isPattern, !word.bytes.isEmpty else { throw Doubt("cd is given a pattern or nothing") }
        try checkRead(word)
        for folder in try folders(word) where !current.contains(folder) { current.append(folder) }
        guard current.count <= Self.limit else { throw Doubt("it changes its folder too often") }
        hasMoved = true
    }

    // MARK: - Resolving

    /// The absolute paths that a word may stand for; of a pattern, the part before the first name with a wildcard.
    ///
    /// A `..` behind a name depends on whether that name is a link: it asks.
    private func folders(_ word: Word) throws(Doubt) -> [Folder] {
        let isAbsolute = word.bytes.first == UInt8(ascii: "/")
        var answers: [Folder] = []
        for start in isAbsolute ? [Folder(names: [])] : current {
            var names = start.names
            var sawName = isAbsolute || hasMoved
            var sawPattern = false
            for part in parts(word) where !part.bytes.isEmpty && part.bytes != Array(".".utf8) {
                if part.bytes == Array("..".utf8) {
                    guard !sawName else { throw Doubt("a path goes up from a folder that may be a link") }
                    if !names.isEmpty { names.removeLast() }
                    continue
                }
                sawName = true
                if part.isPattern {
                    try checkPattern(part, in: names, isFirst: !sawPattern)
                    sawPattern = true
                }
                if !sawPattern { names.append(part.bytes) }
            }
            answers.append(Folder(names: names))
        }
        return answers
    }

    private func checkPattern(_ part: Word, in names: [[UInt8]], isFirst: Bool) throws(Doubt) {
        if isFirst, names.isEmpty { throw Doubt("a pattern may name /proc or /dev") }
        // Some shells let .* and ..* name the folder above.
        let dots = part.bytes.prefix { $0 == UInt8(ascii: ".") }.count
        if dots > 0, dots <= 2, part.wildcards.first == dots { throw Doubt("a pattern may name the folder above") }
    }

    private func parts(_ word: Word) -> [Word] {
        var parts: [Word] = []
        var part = Word()
        for (offset, byte) in word.bytes.enumerated() {
            if byte == UInt8(ascii: "/") {
                parts.append(part)
                part = Word()
            } else if word.wildcards.contains(offset) {
                part.appendWildcard(byte)
            } else {
                part.append(byte)
            }
        }
        return parts + [part]
    }
}
