import ArgumentParser
import ControlProtocol
import Core

/// `nanoclaw retention …`.
struct RetentionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention",
        abstract: "How long things are kept; the periods are settings below retention:.",
        subcommands: [Run.self]
    )

    struct Run: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "End now what has been kept for its time; the host does so by itself, a little at every sweep."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Flag(help: "Only tell what would be ended; nothing is changed.") var dryRun = false

        func run() async throws {
            var items: [JSONValue] = []
            try await HostClient.with(home: try home.resolved()) { client in
                try await client.stream("retention run", ["dryRun": .bool(dryRun)]) { item in
                    items.append(item)
                    return true
                }
            }
            try output.print(.array(items), as: Table("what", "session", "name", "count"))
            let failed = items.count { $0[key: "what"]?.string == "failure" }
            if failed > 0 { throw CommandFailure(.failed, "\(failed) sessions could not be looked at") }
        }
    }
}
