import ArgumentParser
import ControlProtocol
import Core

/// `nanoclaw doctor`: needs no host and changes nothing.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look for what is wrong with a home; changes nothing. Exit status 1 when something is.",
        discussion:
            "Works with the host up or down, and says nothing when all is well. --json leaves names of this machine out."
    )

    @OptionGroup var home: HomeOptions
    @OptionGroup var output: OutputOptions
    @Flag(help: "Also ask each model server whether it answers.") var providers = false
    @Flag(help: "Also tell what is well, and what could not be looked at.") var all = false

    func run() async throws {
        let doctor = Doctor(home: try home.resolved(), asksProviders: providers)
        let findings = await doctor.examine()
        let isRefused = findings.allSatisfy { $0.level == .skipped }
        if output.json {
            Console.out(try JSONText.encode(findings.map { $0.redacted(doctor.redaction) }))
        } else {
            for finding in findings where all || isRefused || finding.isWorthTelling { Console.out(finding.line) }
        }
        // Silence would say that all is well.
        if isRefused { throw CommandFailure(.failed, "nothing was looked at") }
        let bad = findings.count { $0.level == .bad }
        if bad > 0 { throw CommandFailure(.failed, "\(bad) of \(findings.count) checks found something wrong") }
    }
}
