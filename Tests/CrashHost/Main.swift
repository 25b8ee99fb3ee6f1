import ChannelKit
import Core
import Glibc
import Host
import HostLogging
import LinuxIO
import TestSupport

/// A host with fault points and two channel doubles: `crash-host HOME BINARIES`, its driver's socket as descriptor 0.
///
/// `crash-host marks HOME COUNT early|late` is another program, of the power-cut test: ``MarkScenario``.
/// `ledger` has threads and no idempotency keys, `keyed` has keys and no threads.
@main
enum Main {
    static func main() async {
        let arguments = CommandLine.arguments
        if arguments.count == 5, arguments[1] == "marks", let messages = Int(arguments[3]) {
            do {
                let scenario = MarkScenario(home: arguments[2], marksLate: arguments[4] == "late")
                try await scenario.run(messages: messages)
                exit(0)
            } catch {
                try? Descriptor(owning: 2).write("\(error)\n".utf8)
                exit(1)
            }
        }
        guard arguments.count == 3 else { exit(64) }
        let link: LedgerLink
        do {
            link = try LedgerLink(PacketSocket(Descriptor(owning: 0)), media: arguments[1] + "-media")
        } catch {
            try? Descriptor(owning: 2).write("\(error)\n".utf8)
            exit(1)
        }
        var options = HostOptions(home: arguments[1], binaries: arguments[2])
        options.echo = .json
        // Seconds from one sign of life of a runner to the next.
        if let text = getenv("NANOCLAW_TICK_LIMIT"), let seconds = Int(String(cString: text)) {
            options.liveness.tick = .seconds(seconds)
        }
        options.adapters = [
            LedgerChannel(channel: "ledger", capabilities: ChannelCapabilities(threads: true, files: true), link: link),
            LedgerChannel(
                channel: "keyed",
                capabilities: ChannelCapabilities(idempotencyKeys: true, files: true),
                link: link
            ),
        ]
        do {
            let reading = Task { await link.run() }
            try await runHost(options)
            reading.cancel()
            exit(0)
        } catch {
            try? Descriptor(owning: 2).write("\(error)\n".utf8)
            exit(1)
        }
    }
}
