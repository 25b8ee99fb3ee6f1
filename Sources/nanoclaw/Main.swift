import Commands

/// The program's entry: everything is in `Commands`.
@main
struct Main {
    static func main() async {
        await NanoclawCommand.runAndExit(Array(CommandLine.arguments.dropFirst()))
    }
}
