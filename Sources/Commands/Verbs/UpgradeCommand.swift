import ArgumentParser
import Core
import Glibc

/// `nanoclaw upgrade`.
struct UpgradeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade",
        abstract: "Change to another release's programs, and return by itself when they do not serve.",
        discussion: """
            The new programs are tried on a copy of the home first. Then the host is stopped, the state saved, the \
            programs changed and the host started; if it is not ready in time, old programs and old state are put back.
            """
    )

    @OptionGroup var home: HomeOptions
    @Option(help: ArgumentHelp("The release: a directory with its programs, or a built checkout.", valueName: "dir"))
    var from: String?
    @Option(
        help: ArgumentHelp(
            "The programs to change (default: the service's, else those of this program).",
            valueName: "dir"
        )
    )
    var programs: String?
    @Flag(help: "Try the release on a copy, and change nothing.") var check = false
    @Flag(help: "A host that no service runs may be stopped and started again.") var restart = false
    @Flag(help: "End an upgrade that was interrupted.") var resume = false
    @Flag(help: "Go back from an upgrade that was interrupted.") var back = false
    @Option(help: ArgumentHelp("How long the new host may take to be ready.", valueName: "seconds"))
    var timeout = 60
    @Flag(help: .hidden) var preflight = false

    func validate() throws {
        guard [from != nil, resume, back, preflight].count(where: \.self) == 1 else {
            throw ValidationError("one of --from DIR, --resume and --back is needed")
        }
        guard !check || from != nil else { throw ValidationError("--check goes with --from DIR") }
        guard (1...3600).contains(timeout) else { throw ValidationError("--timeout takes 1 to 3600 seconds") }
    }

    func run() async throws {
        let home = try home.resolved()
        if preflight {
            Console.out(try JSONText.encode(await Preflight(home: home).run()))
            return
        }
        // A connection that drops ends no upgrade half-way.
        signal(SIGHUP, SIG_IGN)
        let upgrade = try Upgrade(home: home, programs: try folder(home), timeout: .seconds(timeout))
        if let from {
            try await upgrade.begin(from: ProgramFolder(release: from), mayRestart: restart, onlyChecks: check)
        } else if resume {
            try await upgrade.resume()
        } else {
            try await upgrade.goBack()
        }
    }

    private func folder(_ home: String) throws -> ProgramFolder {
        if let programs { return try ProgramFolder(release: programs) }
        if DoctorSettings.isServed(home: home, machineRoot: "") { return ProgramFolder(path: SystemService.binaries) }
        guard let own = HomeLocation.binaries else {
            throw CommandFailure(
                .failed,
                "/proc/self/exe cannot be read: which programs are to be changed? --programs DIR"
            )
        }
        return ProgramFolder(path: own)
    }
}
