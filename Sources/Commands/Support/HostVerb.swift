import ArgumentParser
import ControlProtocol
import Core

/// A verb that the running host carries out.
protocol HostVerb: AsyncParsableCommand {
    var home: HomeOptions { get }
}

extension HostVerb {
    /// One request to the host of the home.
    func ask(
        _ command: String,
        _ arguments: [String: JSONValue?] = [:],
        events: (JSONValue) -> Void = { _ in }
    ) async throws -> JSONValue {
        try await HostClient.with(home: try home.resolved()) { client in
            try await client.call(command, arguments, events: events)
        }
    }
}

/// `--json` of every verb that answers.
struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Print JSON for scripts.")
    var json = false

    /// Prints rows: a table, or one JSON array.
    func print(_ rows: JSONValue, as table: Table) throws {
        Console.out(json ? try JSONText.encode(rows) : table.text(rows.array ?? []))
    }

    /// Prints one record: a field a line, or one JSON object.
    func print(record: JSONValue, first: String...) throws {
        Console.out(json ? try JSONText.encode(record) : Table.record(record, first: first))
    }

    /// Prints what was done: a sentence, or the host's answer.
    func print(_ answer: JSONValue, said text: String) throws {
        Console.out(json ? try JSONText.encode(answer) : ProgramName.inAdvice(text))
    }
}

/// `--where` and `--limit` of every list.
struct ListOptions: ParsableArguments {
    @Option(
        name: .customLong("where"),
        help: ArgumentHelp("Only rows whose column has this value.", valueName: "column=value")
    )
    var filters: [String] = []

    @Option(help: "The most rows (default 200, at most 2000).")
    var limit: Int64?

    func validate() throws {
        for filter in filters where !filter.contains("=") {
            throw ValidationError("--where takes column=value, not \"\(filter)\"")
        }
    }

    /// As arguments of a request.
    var arguments: [String: JSONValue?] {
        var wanted: [String: JSONValue] = [:]
        for filter in filters {
            let parts = filter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            wanted[parts[0]] = .string(parts[1])
        }
        return ["where": wanted.isEmpty ? nil : .object(wanted), "limit": limit.map { .integer($0) }]
    }
}

extension Optional<String> {
    /// As an argument of a request.
    var json: JSONValue? { map { .string($0) } }
}
