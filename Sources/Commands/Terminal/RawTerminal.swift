import Glibc
import LinuxIO

/// A terminal whose keys arrive one by one, put back as it was at the end.
struct RawTerminal {
    private let original: termios
    private let input: Descriptor
    private let output: Descriptor

    /// Runs the body with the terminal in raw mode; puts it back however the body ends.
    static func with<Result>(
        input: Descriptor,
        output: Descriptor,
        _ body: (RawTerminal) async throws -> Result
    ) async throws -> Result {
        var settings = termios()
        guard tcgetattr(input.number, &settings) == 0 else { throw Errno.last("tcgetattr") }
        let terminal = RawTerminal(original: settings, input: input, output: output)
        try terminal.enter()
        defer { terminal.restore() }
        return try await body(terminal)
    }

    /// Raw input; pasted text arrives marked.
    func enter() throws {
        var raw = original
        raw.c_iflag &= ~tcflag_t(BRKINT | ICRNL | INPCK | ISTRIP | IXON)
        raw.c_lflag &= ~tcflag_t(ECHO | ICANON | IEXTEN | ISIG)
        raw.c_cflag |= tcflag_t(CS8)
        guard tcsetattr(input.number, TCSADRAIN, &raw) == 0 else { throw Errno.last("tcsetattr") }
        try output.write(Array("\u{1B}[?2004h".utf8))
    }

    /// The terminal as it was.
    func restore() {
        var settings = original
        // Neither can be told to anybody any more.
        try? output.write(Array("\u{1B}[?2004l".utf8))
        tcsetattr(input.number, TCSADRAIN, &settings)
    }

    /// Gives the terminal back and stops this process until the shell continues it.
    func suspend() throws {
        restore()
        kill(0, SIGTSTP)
        try enter()
    }
}
