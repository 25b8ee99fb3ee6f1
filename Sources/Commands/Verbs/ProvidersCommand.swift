import ArgumentParser
import ControlProtocol
import Core
import Glibc

/// `nanoclaw providers …`.
struct ProvidersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "providers",
        abstract: "Model servers.",
        subcommands: [List.self, Get.self, Add.self, Update.self, Remove.self, Test.self]
    )

    /// The whole path of a key file, as the host has another working directory.
    private static func keyFile(_ path: String?) throws -> String? {
        guard let path else { return nil }
        guard let resolved = realpath(path, nil) else {
            let reason = String(cString: strerror(errno))
            throw CommandFailure(.failed, "the key file \(path) cannot be read: \(reason)")
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    struct List: HostVerb {
        static let configuration = CommandConfiguration(abstract: "List model servers.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var list: ListOptions

        func run() async throws {
            let rows = try await ask("providers list", list.arguments)
            try output.print(rows, as: Table("name", "kind", "model", "base_url:BASE URL", "key", "used_by:USED BY"))
        }
    }

    struct Get: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Show one model server.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "Its name.") var name: String

        func run() async throws {
            try output.print(record: try await ask("providers get", ["name": .string(name)]), first: "name", "kind")
        }
    }

    struct Add: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Add a model server.",
            discussion: """
                --base-url is what that kind's official SDK takes: http://127.0.0.1:11434/v1 for an Ollama, \
                https://api.anthropic.com for Anthropic. The key is copied from --key-file to data/credentials/<name>, or \
                read from NANOCLAW_KEY_<NAME> of the host.
                """
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "A name for it: letters, digits, _ and -.") var name: String
        @Option(help: "openai or anthropic.") var kind: String
        @Option(name: .customLong("base-url"), help: "Where it is.") var baseURL: String
        @Option(help: "The model to use.") var model: String
        @Option(help: "A file that holds the key.") var keyFile: String?

        func run() async throws {
            let row = try await ask(
                "providers add",
                [
                    "name": .string(name), "kind": .string(kind), "baseURL": .string(baseURL), "model": .string(model),
                    "keyFile": try ProvidersCommand.keyFile(keyFile).json,
                ]
            )
            try output.print(
                row,
                said: """
                    added provider \(name), which no agent group uses yet
                    try it: nanoclaw providers test \(name)
                    use it: nanoclaw groups config update GROUP --provider \(name)
                    """
            )
        }
    }

    struct Test: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Ask a model server one tiny question, as a turn would.",
            discussion: "The request goes out with the provider's key and model, and costs what a few tokens cost."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "Its name.") var name: String
        @Option(help: "Seconds to wait for the answer's first byte (default 60, at most 600).") var timeout: Int64?

        func run() async throws {
            let answer = try await ask(
                "providers test",
                ["name": .string(name), "timeout": timeout.map { .integer($0) }]
            )
            let text = SafeText.oneLine(answer[key: "text"]?.string ?? "")
            try output.print(
                answer,
                said: "\(name) answered in \(answer[key: "milliseconds"]?.integer ?? 0) ms: "
                    + (text.isEmpty ? "(no text)" : text)
            )
        }
    }

    struct Update: HostVerb {
        static let configuration = CommandConfiguration(
            abstract: "Change a model server; what is not given stays. It holds from the next request on."
        )
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "Its name.") var name: String
        @Option(name: .customLong("base-url"), help: "Where it is.") var baseURL: String?
        @Option(help: "The model to use.") var model: String?
        @Option(help: "A file that holds the new key.") var keyFile: String?

        func validate() throws {
            if baseURL == nil, model == nil, keyFile == nil {
                throw ValidationError("nothing to change: give --base-url, --model or --key-file")
            }
        }

        func run() async throws {
            let row = try await ask(
                "providers update",
                [
                    "name": .string(name), "baseURL": baseURL.json, "model": model.json,
                    "keyFile": try ProvidersCommand.keyFile(keyFile).json,
                ]
            )
            try output.print(row, said: "changed provider \(name)")
        }
    }

    struct Remove: HostVerb {
        static let configuration = CommandConfiguration(abstract: "Remove a model server and its key.")
        @OptionGroup var home: HomeOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "Its name.") var name: String

        func run() async throws {
            try output.print(try await ask("providers remove", ["name": .string(name)]), said: "removed")
        }
    }
}
