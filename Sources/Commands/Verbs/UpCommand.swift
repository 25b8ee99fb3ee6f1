import ArgumentParser
import CentralStore
import Core
import GRDB
import Glibc
import Host
import HostConfiguration
import LinuxIO
import Sandbox

/// `nanoclaw up`.
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run the host of a home in the foreground; an empty home is made first.",
        discussion: "SIGTERM or Ctrl-C stops it gracefully, a second one at once."
    )

    @OptionGroup var home: HomeOptions

    func run() async throws {
        let home = try home.resolved()
        guard let binaries = HomeLocation.binaries else {
            throw CommandFailure(.failed, "the directory of this program cannot be read from /proc/self/exe")
        }
        try UpgradeMark.check(home: home)
        var options = HostOptions(home: home, binaries: binaries)
        options.onReady = { status in
            Console.out(StartSummary.text(status, talk: StartSummary.talk(home: home)))
            // Behind the start: neither is waited for by anybody.
            if status.isolation == nil { await Self.showSandbox(home: home) }
            if let ollama = await OllamaProbe.look(), status.providers.isEmpty {
                Console.out(StartSummary.ollama(ollama))
            }
        }
        do {
            try await runHost(options)
        } catch let failure as CommandFailure {
            throw failure
        } catch is CancellationError {
            return
        } catch {
            let advice = Self.isFull(error) ? "; make room: `df -h \(ShellText.quoted(home))` shows the disk" : ""
            throw CommandFailure(Self.isLasting(error) ? .configuration : .failed, "\(error)\(advice)")
        }
    }

    /// True for what the same start fails by again, until somebody changes something.
    static func isLasting(_ error: any Error) -> Bool {
        switch error {
        case is ConfigurationError: true
        case let error as StoreError: (error.code == .unusable || error.code == .migration) && !mayPass(error.cause)
        case let error as SandboxError: error.code == .configuration
        case let error as HostError: error.code == .invalid
        default: false
        }
    }

    /// True for a cause that goes away by itself, or by somebody who makes room.
    private static func mayPass(_ cause: (any Error)?) -> Bool {
        switch cause {
        case let cause as Errno: [ENOSPC, EDQUOT, EIO, EMFILE, ENFILE, ENOMEM].contains(cause.code)
        case let cause as DatabaseError:
            [.SQLITE_FULL, .SQLITE_IOERR, .SQLITE_NOMEM, .SQLITE_BUSY].contains(cause.resultCode)
        default: false
        }
    }

    /// True when it is for want of room.
    static func isFull(_ error: any Error) -> Bool {
        switch error {
        case let error as StoreError: error.cause.map(isFull) ?? false
        case let error as Errno: [ENOSPC, EDQUOT].contains(error.code)
        case let error as DatabaseError: error.resultCode == .SQLITE_FULL
        default: false
        }
    }

    /// What isolates agents here, as a sandbox that nobody uses proves it.
    private static func showSandbox(home: String) async {
        let line: String
        do {
            line = IsolationText.line(
                try await SandboxScratch.with(home: home) { spawner, _ in try await spawner.probe() }
            )
        } catch is CancellationError {
            return
        } catch {
            line = "cannot be built, so no agent will run: \(error)"
        }
        Console.out("  sandbox    \(line)")
    }
}
