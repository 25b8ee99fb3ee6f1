import Core
import Glibc

/// Gathers the values of a new account: from the command line, and on a terminal by asking for what is missing.
struct ChannelPrompt {
    /// As `channels platforms` describes it.
    let platform: JSONValue

    private struct Field {
        var key: String
        var help: String
        var isSecret: Bool
        var isAsked: Bool
        var mayBeEmpty: Bool

        init(_ value: JSONValue) {
            key = value[key: "key"]?.string ?? ""
            help = value[key: "help"]?.string ?? ""
            isSecret = value[key: "secret"]?.bool ?? false
            isAsked = value[key: "asked"]?.bool ?? true
            mayBeEmpty = value[key: "standard"]?.string != nil
        }
    }

    /// The longest secret in bytes.
    private static let longest = 16 * 1024

    /// `settings` are `key=value`, `secrets` `key=file`.
    ///
    /// Throws for a secret on the command line, where every user of the machine could read it.
    func values(settings: [String], secrets: [String]) throws -> [String: String] {
        let fields = (platform[key: "fields"]?.array ?? []).map(Field.init)
        var values: [String: String] = [:]
        for (key, value) in settings.map(Self.pair) {
            if let field = fields.first(where: { $0.key == key }), field.isSecret {
                throw CommandFailure(
                    .usage,
                    "\(key) is a secret: others can read a command line; give --secret \(key)=FILE, or --secret \(key)=-"
                )
            }
            values[key] = value
        }
        for (key, file) in secrets.map(Self.pair) { values[key] = try Self.read(file) }
        guard Console.isInteractive else { return values }
        for field in fields where values[field.key] == nil && field.isAsked {
            values[field.key] = try Self.ask(field)
        }
        return values
    }

    private static func pair(_ text: String) -> (String, String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return (parts[0], parts[1])
    }

    private static func read(_ file: String) throws -> String {
        if file == "-" { return try Console.standardInput(limit: longest) }
        guard let opened = fopen(file, "re") else {
            throw CommandFailure(.failed, "\(file) cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { fclose(opened) }
        var bytes = [UInt8](repeating: 0, count: longest + 1)
        let count = fread(&bytes, 1, bytes.count, opened)
        guard count <= longest else { throw CommandFailure(.failed, "\(file) is longer than \(longest) bytes") }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    private static func ask(_ field: Field) throws -> String {
        Console.out("\(field.key): \(SafeText.oneLine(field.help))\(field.mayBeEmpty ? " (Enter for none)" : "")")
        let line = field.isSecret ? withoutEcho { readLine() } : readLine()
        guard let line else { throw CommandFailure(.failed, "no value for \(field.key): nothing was added") }
        return line
    }

    /// What is typed is not shown while the body runs.
    private static func withoutEcho<Result>(_ body: () -> Result) -> Result {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return body() }
        var hidden = settings
        hidden.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
            Console.out("")
        }
        return body()
    }
}
