import ShellPolicy
import Testing

struct BypassTests {
    @Test(arguments: Bypass.all)
    func `an attempt to get round the question asks, and for its own reason`(bypass: Bypass) {
        guard case .asks(let reason) = judge(bypass.command) else {
            Issue.record("safe: \(bypass.command)")
            return
        }
        #expect(reason.contains(bypass.because), "\(bypass.command) asks because \(reason)")
        #expect(isShowable(reason), "\(reason)")
    }

    @Test
    func `there are at least 200 of them, each once`() {
        #expect(Bypass.all.count >= 200)
        #expect(Set(Bypass.all.map(\.command)).count == Bypass.all.count)
    }

    @Test(arguments: Bypass.all)
    func `each attempt still asks behind, before and beside a safe command`(bypass: Bypass) {
        for command in [
            "ls; \(bypass.command)", "ls\n\(bypass.command)", "\(bypass.command)\nls", "\(bypass.command)\n",
        ] {
            // Some attempts are only the lack of a command, which company mends.
            if bypass.kind.hasPrefix("lists") || bypass.because == "it holds" { continue }
            #expect(judge(command) != .safe, "\(command)")
        }
    }

    /// One short line that no chat takes for markup.
    private func isShowable(_ reason: String) -> Bool {
        reason.utf8.count < 200
            && reason.unicodeScalars.allSatisfy {
                $0.isASCII && $0.value >= 0x20 && !"*`[]()<>#|\\".contains(Character($0))
            }
    }
}
