import ArgumentParser
import ControlProtocol
import Core

/// `nanoclaw messages …`.
struct MessagesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "messages",
        abstract: "Single messages.",
        subcommands: [Trace.self]
    )

    struct Trace: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Show the way of one message: received, routed, claimed, model and tool calls, delivered."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The id of the message, as a row or on its platform.") var message: String

        func run() async throws {
            let rows = try await ask("messages trace", ["message": .string(message)])
            guard !output.json else { return try output.print(rows, as: Table()) }
            var last: Int64?
            for row in rows.array ?? [] {
                let at = row[key: "at"]?.integer ?? 0
                let since = last.map { "+\(at - $0) ms" } ?? TimeText.clock(at)
                last = at
                let padded = String(repeating: " ", count: max(10 - since.count, 0)) + since
                let detail = Table.cell("", row[key: "detail"])
                Console.out("\(padded)  \(Table.cell("", row[key: "stage"]))  \(detail == "-" ? "" : detail)")
            }
        }
    }
}
