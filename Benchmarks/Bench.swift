import Foundation

/// Measures rows of the budget table (docs/benchmarks.md) and prints each beside its floor.
@main
struct Bench {
    static func main() async {
        do {
            try await run()
        } catch {
            FileHandle.standardError.write(Data("nanoclaw-bench: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func run() async throws {
        // A peer that is gone is an error of the write, not the end of the run.
        signal(SIGPIPE, SIG_IGN)
        let options = try Options(Array(CommandLine.arguments.dropFirst()))
        var results: [Measure] = []
        Measure.printHead()
        for name in options.only {
            note("measuring \(name.rawValue)")
            let rows = try await measure(name, options)
            rows.forEach { $0.print() }
            results += rows
        }
        if let file = options.json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(results).write(to: URL(filePath: file))
        }
        let missed = results.filter { $0.isMet == false }
        guard !missed.isEmpty else { return }
        let text = "missed: \(missed.map { "\($0.name) (\($0.goal ?? ""))" }.joined(separator: ", "))"
        if options.isStrict { throw Options.Usage(text) }
        print(text)
    }

    /// Says on standard error what goes on.
    static func note(_ text: String) {
        FileHandle.standardError.write(Data("nanoclaw-bench: \(text)\n".utf8))
    }

    private static func measure(_ name: Options.Name, _ options: Options) async throws -> [Measure] {
        switch name {
        case .warmTurn: [try await WarmTurn(options).run()]
        case .warmTurnModel: try await WarmTurnModel(options).run()
        case .coldTurn: [try await ColdTurn(options).run()]
        case .spawn: [try await Spawn(options).run()]
        case .idle: try await Idle(options).run()
        case .throughput: try await Throughput(options).run()
        case .rest: try await Rest(options).run()
        case .live: try await Live(options).run()
        case .soak: try await Soak(options).run()
        }
    }
}
