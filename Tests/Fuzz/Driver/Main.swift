import Glibc

/// libFuzzer's loop: takes its own options from the arguments and calls back with one input after the other.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// `nanoclaw-fuzz TARGET [libFuzzer's options and folders]`; without a name it lists the targets.
@main
enum FuzzProgram {
    static var targets: [any FuzzTarget.Type] {
        [
            SpawnPlanTarget.self, ControlFramesTarget.self, PromptTarget.self, ReplyTarget.self, AddressesTarget.self,
            CommandLineTarget.self, ConfigurationTarget.self, OutboundReaderTarget.self, OpenAIStreamTarget.self,
            AnthropicStreamTarget.self, ArchiveTarget.self, SchedulesTarget.self, ShellCommandsTarget.self,
            PlansTarget.self, ChatTextTarget.self, WebSocketTarget.self, ChatEventsTarget.self, WebhookPostTarget.self,
            MailTarget.self, BrokerTarget.self, InsideCallsTarget.self, RunnerFramesTarget.self,
            EngagePatternsTarget.self, SandboxRequestsTarget.self, MatrixKeysTarget.self,
        ]
    }

    // libFuzzer's callback takes no context. Set once, before its loop starts; the loop has one thread.
    nonisolated(unsafe) private static var current: any FuzzTarget = ReplyTarget()

    static func main() throws {
        guard CommandLine.arguments.count > 1, let name = CommandLine.arguments.dropFirst().first,
            let target = targets.first(where: { $0.name == name })
        else {
            for target in targets { print(target.name) }
            exit(CommandLine.arguments.count > 1 ? 64 : 0)
        }
        current = try target.init()
        exit(loop())
    }

    private static func loop() -> Int32 {
        // libFuzzer sees the program's name, then its own options.
        let arguments = CommandLine.unsafeArgv
        arguments[1] = arguments[0]
        var count = CommandLine.argc - 1
        var rest = arguments + 1
        return runDriver(&count, &rest) { start, length in
            FuzzProgram.feed(Array(UnsafeBufferPointer(start: start, count: length)))
            return 0
        }
    }

    private static func feed(_ input: [UInt8]) { current.run(input) }
}
