import ArgumentParser
import Glibc

/// How this program is called again from the same shell: nothing puts `nanoclaw` on PATH.
enum ProgramName {
    /// As it was typed, quoted for a shell.
    static let typed = ShellText.quoted(found)
    /// The same behind `sudo`, which has a PATH of its own.
    static let forRoot = ShellText.quoted(found.contains("/") ? found : HomeLocation.binary ?? found)

    /// A command of this program's.
    static func command(_ words: String...) -> String { ([typed] + words).joined(separator: " ") }

    /// Text that calls the program `nanoclaw`, with the name that works here before each verb.
    static func inAdvice(_ text: String) -> String { inAdvice(text, name: typed) }

    static func inAdvice(_ text: String, name: String) -> String {
        guard text.contains("nanoclaw ") else { return text }
        var result = ""
        var rest = text[...]
        while let place = rest.firstRange(of: "nanoclaw ") {
            let before = rest[..<place.lowerBound].last ?? result.last
            let verb = rest[place.upperBound...].prefix { $0.isLetter || $0 == "-" }
            let isCommand = verbs.contains(String(verb)) && before.map { !isOfWord($0) } ?? true
            result += rest[..<place.lowerBound]
            result += isCommand ? "\(name) " : "nanoclaw "
            rest = rest[place.upperBound...]
        }
        return result + rest
    }

    /// `argument` is what the shell called: a path, or a name that it found on `PATH`.
    static func resolve(argument: String?, path: String?, binary: String?) -> String {
        guard let argument, !argument.isEmpty else { return binary ?? "nanoclaw" }
        guard let binary else { return argument }
        if argument.contains("/") {
            let built = ".build-dist/nanoclaw"
            let link = argument.hasSuffix(built) ? argument.dropLast(built.count) + "bin/nanoclaw" : ""
            return [link, argument].first { !$0.isEmpty && HomeLocation.real($0) == binary } ?? binary
        }
        let folders = (path ?? "").split(separator: ":")
        return folders.contains { HomeLocation.real("\($0)/\(argument)") == binary } ? argument : binary
    }

    private static let found = resolve(
        argument: CommandLine.arguments.first,
        path: getenv("PATH").map { String(cString: $0) },
        binary: HomeLocation.binary
    )

    private static let verbs = Set(NanoclawCommand.configuration.subcommands.map { $0._commandName })

    private static func isOfWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || "/._-".contains(character)
    }
}
