import ArgumentParser
import ControlProtocol
import Core
import HostConfiguration

/// `nanoclaw config …`: needs no host.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "What the host needs to start: config.yaml.",
        subcommands: [Show.self, Validate.self, Set.self]
    )

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show every value and where it came from.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "Only this key, or those below it.") var key: String?

        func run() throws {
            let configuration = try HostConfiguration.load(home: try home.resolved())
            let values = configuration.values.filter { value in
                guard let key else { return true }
                return value.key == key || value.key.hasPrefix("\(key).")
            }
            if let key, values.isEmpty {
                throw CommandFailure(.failed, "there is no setting \(key); see nanoclaw config show")
            }
            try output.print(
                try JSONValue(encoding: values),
                as: Table("key", "value", "origin:FROM", "summary:MEANING")
            )
        }
    }

    struct Validate: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Check config.yaml.")
        @OptionGroup var home: HomeOptions

        func run() throws {
            let home = try home.resolved()
            _ = try HostConfiguration.load(home: home)
            Console.out("\(HostConfiguration.path(home: home)) is valid")
        }
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change one value; comments stay. The host reads it when it starts."
        )
        @OptionGroup var home: HomeOptions
        @Argument(help: "The setting, such as maxRunners.") var key: String
        @Argument(help: "Its value; items of a list with commas.") var value: String

        func run() throws {
            let home = try home.resolved()
            try ConfigurationEdit.set(key, to: value, home: home)
            Console.out("\(key) is \(value); it holds from the next start of the host")
        }
    }
}
