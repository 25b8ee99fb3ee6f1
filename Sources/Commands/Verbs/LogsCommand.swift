import ArgumentParser
import ControlProtocol
import Core
import Glibc
import HostLogging
import LinuxIO
import Logging

/// `nanoclaw logs`: needs no host; `logs level` does.
struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Show the host's log.",
        subcommands: [Show.self, Level.self, RunnerLog.self],
        defaultSubcommand: Show.self
    )

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the last lines, and follow with -f.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Flag(name: [.customShort("f"), .customLong("follow")], help: "Go on with new lines until interrupted.")
        var follow = false
        @Option(name: [.customShort("n"), .customLong("lines")], help: "How many lines.") var lines = 100
        @Option(help: "Only this part of the host, such as router.") var component: String?
        @Option(help: "Only this session.") var session: String?
        @Option(help: "Only this channel.") var channel: String?
        @Option(help: "Only this level and above: trace, debug, info, notice, warning, error, critical.")
        var level: String?

        func validate() throws {
            guard (0...100_000).contains(lines) else { throw ValidationError("--lines takes 0 to 100000") }
            if let level { _ = try LogsCommand.level(level) }
        }

        func run() async throws {
            let home = try home.resolved()
            let directory: Directory
            do {
                directory = try Directory(path: "\(home)/data/logs")
            } catch let error as Errno where error.code == ENOENT {
                throw CommandFailure(.failed, "\(home) has no log yet: no host has run there")
            }
            let reader = LogReader(in: directory)
            let filter = LogReader.Filter(
                component: component,
                session: session,
                channel: channel,
                level: try level.map(LogsCommand.level)
            )
            let json = output.json
            for line in try reader.last(lines, filter) { Self.print(line, json) }
            if follow { try await reader.follow(filter) { Self.print($0, json) } }
        }

        private static func print(_ line: LogLine, _ json: Bool) {
            Console.out(
                json
                    ? String(decoding: line.json().dropLast(), as: UTF8.self)
                    : line.pretty(coloured: Console.isTerminalOutput)
            )
        }
    }

    struct Level: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Show or change the levels of the running host, until it ends."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The level; default returns a component to the standard one.") var level: String?
        @Option(help: "Only for this part of the host.") var component: String?

        func run() async throws {
            let answer = try await ask("logs level", ["level": level.json, "component": component.json])
            try output.print(record: answer, first: "standard")
        }
    }

    struct RunnerLog: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "runner",
            abstract: "Show what a session's runner printed."
        )
        @OptionGroup var home: HomeOptions
        @Argument(help: "The session's id, or the beginning of an id.") var session: String

        func run() throws {
            let directory: Directory
            do {
                directory = try Directory(path: "\(try home.resolved())/data/logs/runners")
            } catch let error as Errno where error.code == ENOENT {
                throw CommandFailure(.failed, "no runner has printed anything yet")
            }
            let id = try Self.session(session, of: try directory.names())
            let bytes = try RunnerOutput(in: directory).contents(of: id)
            guard !bytes.isEmpty else { throw CommandFailure(.failed, "the runner of \(id) has printed nothing") }
            let text = String(decoding: bytes, as: UTF8.self)
            Console.out(Console.isTerminalOutput ? SafeText.lines(text) : text)
        }

        /// The one session of these files whose id is the text or begins with it, the prefix `se_` left out or not.
        static func session(_ text: String, of files: [String]) throws -> SessionID {
            let all = Set(files.compactMap { $0.split(separator: ".").first.map(String.init) })
            let found = all.filter { !text.isEmpty && ($0.hasPrefix(text) || $0.hasPrefix("se_\(text)")) }.sorted()
            let exact = all.contains(text) ? [text] : found
            guard let first = exact.first, let id = SessionID(rawValue: first) else {
                let name = SafeText.oneLine(text)
                throw CommandFailure(.failed, "no runner of a session \"\(name)\" has printed anything")
            }
            guard exact.count == 1 else {
                let names = exact.prefix(8).joined(separator: ", ")
                throw CommandFailure(.failed, "\"\(text)\" could be session \(names): name one of them")
            }
            return id
        }
    }

    static func level(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            let all = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("the level \"\(text)\" is unknown: use one of \(all)")
        }
        return level
    }
}
