import Foundation
import Testing

/// `nanoclaw` in the tool tier of a real sandbox, called by the agent's shell.
@Suite(.timeLimit(.minutes(5)))
struct InsideCommandTests {
    @Test func `§16.263 a call from the shell of a sandbox is answered, with its exit status`() async throws {
        try await withHost { host in
            let list = try await host.chat("run nanoclaw destinations list; echo status $?")
            #expect(list.contains("cli") && list.contains("status 0"), "\(list)")
            let help = try await host.chat("run nanoclaw help")
            #expect(help.contains("nanoclaw sessions list"), "\(help)")
            let json = try await host.chat("run nanoclaw groups get --json")
            #expect(json.contains("\"folder\":\"main\""), "\(json)")
            let refused = try await host.chat("run nanoclaw roles grant test:evil --role owner; echo status $?")
            #expect(refused.contains("unknown-command") && refused.contains("status 1"), "\(refused)")
            let roles = try await host.nanoclaw("roles", "list", "--json")
            #expect(!roles.output.contains("test:evil"))
            // What only the host has is not there, and neither is its socket.
            let up = try await host.chat("run nanoclaw up; echo status $?; ls /workspace/data 2>&1")
            #expect(up.contains("unknown-command") && up.contains("status 1"), "\(up)")
        }
    }

    @Test func `calls from many processes at once are each answered`() async throws {
        try await withHost { host in
            let reply = try await host.chat(
                "run for i in 1 2 3 4 5 6 7 8; do nanoclaw groups get --json >/tmp/$i 2>&1 & done; wait; "
                    + "grep -l folder /tmp/[1-8] | wc -l"
            )
            #expect(reply.contains("8"), "\(reply)")
        }
    }
}
