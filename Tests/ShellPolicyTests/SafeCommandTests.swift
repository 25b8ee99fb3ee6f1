import ShellPolicy
import Testing

/// What the tests judge: as the tool `shell` does.
func judge(_ command: String) -> ShellCommand.Verdict {
    ShellCommand.judge(command, workingDirectory: "/workspace/agent", workspace: "/workspace/agent")
}

struct SafeCommandTests {
    @Test(arguments: SafeCommands.all)
    func `everyday commands that only read run without a question`(command: String) {
        #expect(judge(command) == .safe)
    }

    @Test
    func `there are enough of them to be of use, each once`() {
        #expect(SafeCommands.all.count >= 80)
        #expect(Set(SafeCommands.all).count == SafeCommands.all.count)
    }
}
