import SandboxWire
import Testing

struct WireTests {
    private static let limits = WireLimits(
        memoryBytes: 1 << 30,
        tmpBytes: 1 << 20,
        fileBytes: 1 << 30,
        pids: 64,
        cpuPercent: 100,
        openFiles: 256
    )

    private func plan(
        session: String = "se_1",
        groupFolder: String = "main",
        generation: String = "g1",
        mounts: [String] = ["notes"],
        program: WireProgram = .command(tier: .tool, argv: ["sh", "-c", "true"]),
        limits: WireLimits = Self.limits
    ) -> SpawnPlan {
        SpawnPlan(
            agentGroup: "ag_1",
            session: session,
            incarnation: 7,
            groupFolder: groupFolder,
            generation: generation,
            extraMounts: mounts.map { WireExtraMount(name: $0, device: 1, inode: 2) },
            limits: limits,
            timeZone: "Europe/Berlin",
            program: program
        )
    }

    @Test(arguments: [WireProgram.runner, .recover, .command(tier: .runner, argv: ["a", ""])])
    func `a plan comes back as it was`(program: WireProgram) throws {
        let plan = plan(program: program)
        #expect(try SpawnPlan(decoding: plan.encoded()) == plan)
    }

    @Test(arguments: ["..", "a/b", "", "/etc", "a b", String(repeating: "x", count: 65), "é"])
    func `a session that is no identifier is refused`(name: String) {
        #expect(throws: WireError.self) { try SpawnPlan(decoding: plan(session: name).encoded()) }
    }

    @Test(arguments: ["..", "a/b", ".", "../../etc"])
    func `a folder, generation or mount that is no identifier is refused`(name: String) {
        #expect(throws: WireError.self) { try SpawnPlan(decoding: plan(groupFolder: name).encoded()) }
        #expect(throws: WireError.self) { try SpawnPlan(decoding: plan(generation: name).encoded()) }
        #expect(throws: WireError.self) { try SpawnPlan(decoding: plan(mounts: [name]).encoded()) }
    }

    @Test func `the same mount twice is refused`() {
        #expect(throws: WireError.self) { try SpawnPlan(decoding: plan(mounts: ["a", "a"]).encoded()) }
    }

    @Test func `a limit below its minimum is refused`() {
        let limits = WireLimits(
            memoryBytes: 1,
            tmpBytes: 1 << 20,
            fileBytes: 1 << 30,
            pids: 64,
            cpuPercent: 100,
            openFiles: 256
        )
        #expect(throws: WireError.self) { try SpawnPlan(decoding: plan(limits: limits).encoded()) }
    }

    @Test func `a NUL in a text is refused`() {
        let plan = plan(program: .command(tier: .runner, argv: ["a\0b"]))
        #expect(throws: WireError.self) { try SpawnPlan(decoding: plan.encoded()) }
    }

    /// Every prefix, and every single changed byte: an error or a value, never a crash; and what is read is valid.
    @Test func `holdings and the question for them come as they were sent, and nothing else is one`() throws {
        var holdings = WireHoldings()
        holdings.bytes = 1 << 40
        (holdings.files, holdings.recentBytes, holdings.recentFiles, holdings.written) = (2, 3, 4, 5)
        #expect(try WireHoldings(decoding: holdings.encoded()) == holdings)
        let request = HoldingsRequest(pid: 70_000)
        #expect(try HoldingsRequest(decoding: request.encoded()) == request)
        for bytes in [[], Array(request.encoded().dropLast()), request.encoded() + [0], [5, 0, 0, 0, 0]] {
            #expect(throws: WireError.self) { try HoldingsRequest(decoding: bytes) }
            #expect(throws: WireError.self) { try WireHoldings(decoding: bytes) }
        }
    }

    @Test func `no mutilated message ends the decoder`() {
        let messages: [[UInt8]] = [
            plan().encoded(),
            ToolRequest.start(
                call: 3,
                argv: ["sh"],
                environment: [("A", "b")],
                directory: "/workspace/agent",
                background: true
            ).encoded(),
            ToolEvent.failed(call: 1, step: "fork", errno: 11).encoded(),
            LauncherMessage.started(pid: 3, root: true, cgroup: "", degraded: ["a"], facts: [WireFacts()]).encoded(),
        ]
        let decoders: [([UInt8]) -> Void] = [
            { bytes in
                if let plan = try? SpawnPlan(decoding: bytes) { #expect(SandboxWire.isIdentifier(plan.session)) }
            },
            { _ = try? ToolRequest(decoding: $0) }, { _ = try? ToolEvent(decoding: $0) },
            { _ = try? LauncherMessage(decoding: $0) },
        ]
        for (message, decode) in zip(messages, decoders) {
            for length in 0..<message.count {
                let cut = Array(message.prefix(length))
                #expect(throws: WireError.self) { try refuse(cut, like: message, messages) }
                decode(cut)
            }
            for index in message.indices {
                for byte in [UInt8(0), 1, 0x7F, 0xFF] {
                    var changed = message
                    changed[index] = byte
                    decode(changed)
                }
            }
            #expect(throws: WireError.self) { try refuse(message + [0], like: message, messages) }
        }
    }

    private func refuse(_ bytes: [UInt8], like message: [UInt8], _ messages: [[UInt8]]) throws {
        switch messages.firstIndex(of: message) {
        case 0: _ = try SpawnPlan(decoding: bytes)
        case 1: _ = try ToolRequest(decoding: bytes)
        case 2: _ = try ToolEvent(decoding: bytes)
        default: _ = try LauncherMessage(decoding: bytes)
        }
    }

    @Test func `tool messages come back as they were`() throws {
        let requests: [ToolRequest] = [
            .start(
                call: 9,
                argv: ["a", "b c", ""],
                environment: [("X", ""), ("Y", "=")],
                directory: "/",
                background: false
            ),
            .kill(call: .max, signal: 15),
        ]
        for request in requests { #expect(try ToolRequest(decoding: request.encoded()) == request) }
        let events: [ToolEvent] = [
            .started(call: 1, pid: 7), .exited(call: 1, code: -1, signal: 9), .failed(call: 0, step: "é", errno: 2),
        ]
        for event in events { #expect(try ToolEvent(decoding: event.encoded()) == event) }
    }

    @Test func `a tool request without a program, a full path or a real signal is refused`() {
        let bad: [ToolRequest] = [
            .start(call: 1, argv: [], environment: [], directory: "/", background: false),
            .start(call: 1, argv: ["a"], environment: [], directory: "relative", background: false),
            .start(call: 1, argv: ["a"], environment: [("A=B", "c")], directory: "/", background: false),
            .kill(call: 1, signal: 0), .kill(call: 1, signal: 65), .kill(call: 1, signal: -9),
        ]
        for request in bad { #expect(throws: WireError.self) { try ToolRequest(decoding: request.encoded()) } }
    }

    @Test func `a list that claims more than there is reserves nothing`() {
        var bytes = ToolRequest.start(call: 1, argv: ["a"], environment: [], directory: "/", background: false)
            .encoded()
        bytes.replaceSubrange(5..<9, with: [0xFF, 0xFF, 0xFF, 0x7F])
        #expect(throws: WireError.self) { try ToolRequest(decoding: bytes) }
    }

    @Test(arguments: ["relative", "/a/../b", "/a//b", "/a/", ""])
    func `a configuration with a path that is not plain is refused`(path: String) {
        let configuration = SpawnerConfiguration(
            home: path,
            binaries: "/usr/lib",
            serviceUID: 1000,
            serviceGID: 1000,
            uidBase: 100_000,
            uidCount: 64,
            mounts: [],
            requiredLayers: []
        )
        #expect(throws: WireError.self) { try SpawnerConfiguration(decoding: configuration.encoded()) }
    }
}
