import ArgumentParser
import ControlProtocol
import Core

/// `nanoclaw doctor`: needs no host and changes nothing.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look for what is wrong with a home; changes nothing. Exit status 1 when something is.",
        discussion: "Works with the host up or down. Each finding names the place and how to put it right."
    )

    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions
    @Flag(help: "Also ask each model server whether it answers.") var providers = false

    func run() async throws {
        let findings = await Doctor(home: try home.resolved(), asksProviders: providers).examine()
        if output.json {
            Console.out(try JSONText.encode(findings))
        } else {
            for finding in findings { Console.out(finding.line) }
        }
        let bad = findings.count { $0.level == .bad }
        if bad > 0 { throw CommandFailure(.failed, "\(bad) of \(findings.count) checks found something wrong") }
    }
}
