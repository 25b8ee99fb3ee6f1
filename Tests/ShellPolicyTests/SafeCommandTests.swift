import ShellPolicy
import Testing

/// What the tests judge: as the tool `shell` does.
func judge(_ command: String) -> ShellCommand.Verdict {
    ShellCommand.judge(command, workingDirectory: "/workspace/agent", workspace: "/workspace/agent")
}

struct SafeCommandTests {
    @Test("everyday commands that only read run without a question", arguments: SafeCommands.all)
    func `everyday commands are safe`(command: String) {
        #expect(judge(command) == .safe)
    }

    @Test("there are enough of them to be of use, each once")
    func `the table is large`() {
        #expect(SafeCommands.all.count >= 80)
        #expect(Set(SafeCommands.all).count == SafeCommands.all.count)
    }
}
