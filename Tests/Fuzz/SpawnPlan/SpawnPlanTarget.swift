import SandboxWire

/// What host, launcher and runner say to each other about sandboxes: the first byte picks the message.
///
/// What decodes encodes to the same bytes, and a plan or configuration that decodes keeps the bounds that the launcher
/// relies on, checked here a second time.
struct SpawnPlanTarget: FuzzTarget {
    static let name = "spawn-plan"

    func run(_ input: [UInt8]) {
        guard let kind = input.first else { return }
        let bytes = Array(input.dropFirst())
        switch kind % 5 {
        case 0: check(bytes, { try Self.plan(bytes) }, { $0.encoded() }, Self.bounds)
        case 1: check(bytes, { try SpawnerConfiguration(decoding: bytes) }, { $0.encoded() }, Self.bounds)
        case 2: check(bytes, { try ToolRequest(decoding: bytes) }, { $0.encoded() }, Self.bounds)
        case 3: check(bytes, { try ToolEvent(decoding: bytes) }, { $0.encoded() }, { _ in })
        default: check(bytes, { try LauncherMessage(decoding: bytes) }, { $0.encoded() }, { _ in })
        }
    }

    private static func plan(_ bytes: [UInt8]) throws -> SpawnPlan {
        #if PLANTED
        // A decoder that does not look at what follows the end.
        return try (try? SpawnPlan(decoding: bytes)) ?? SpawnPlan(decoding: bytes.dropLast())
        #else
        return try SpawnPlan(decoding: bytes)
        #endif
    }

    private func check<Message>(
        _ bytes: [UInt8],
        _ decode: () throws -> Message,
        _ encode: (Message) -> [UInt8],
        _ bounds: (Message) -> Void
    ) {
        let message: Message
        do { message = try decode() } catch {
            require(error is WireError, "a message is refused with a WireError, not with \(type(of: error))")
            require("\(error)".utf8.count < 400, "a refusal is short")
            return
        }
        require(encode(message) == bytes, "what decodes encodes to the same bytes: \(message)")
        bounds(message)
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII
                    && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                        || "_-".unicodeScalars.contains(scalar))
            }
    }

    private static func isAbsolute(_ path: String) -> Bool {
        path == "/"
            || path.hasPrefix("/") && !path.hasSuffix("/")
                && !("\(path)/".contains("//") || "\(path)/".contains("/./") || "\(path)/".contains("/../"))
    }

    private static func bounds(_ plan: SpawnPlan) {
        require(isName(plan.agentGroup) && isName(plan.session), "ids are names")
        require(plan.groupFolder.isEmpty || isName(plan.groupFolder), "the group's folder is a name")
        require(plan.generation.isEmpty || isName(plan.generation), "the generation is a name")
        require(plan.extraMounts.count <= 16, "at most 16 extra mounts")
        require(plan.extraMounts.allSatisfy { isName($0.name) }, "mounts have names")
        require(Set(plan.extraMounts.map(\.name)).count == plan.extraMounts.count, "no mount stands there twice")
        require(plan.timeZone.utf8.count <= 64, "a time zone has at most 64 bytes")
        require(plan.limits.memoryBytes >= 16 << 20 && plan.limits.pids >= 8, "limits are at their minimum")
        require(plan.limits.openFiles >= 64 && plan.limits.cpuPercent >= 1, "limits are at their minimum")
        require(plan.limits.tmpBytes >= 64 << 10 && plan.limits.fileBytes >= 64 << 10, "limits are at their minimum")
        if case .command(_, let argv) = plan.program { require(argv.first?.isEmpty == false, "a command has a name") }
    }

    private static func bounds(_ configuration: SpawnerConfiguration) {
        require(isAbsolute(configuration.home) && isAbsolute(configuration.binaries), "folders are absolute")
        require(configuration.mounts.allSatisfy { isName($0.name) && isAbsolute($0.path) }, "mounts are absolute")
        require(configuration.uidBase >= 1000, "no id of the system is handed out")
        require(
            UInt64(configuration.uidBase) + UInt64(configuration.uidCount) <= UInt64(UInt32.max),
            "the range of ids does not wrap"
        )
        require((1...20_000).contains(configuration.maximumSandboxes), "the number of sandboxes is bounded")
    }

    private static func bounds(_ request: ToolRequest) {
        switch request {
        case .start(_, let argv, let environment, let directory, _):
            require(argv.first?.isEmpty == false, "a call has a program")
            require(directory.hasPrefix("/"), "a call's directory is absolute")
            require(environment.allSatisfy { !$0.0.isEmpty && !$0.0.contains("=") }, "variables have names")
            for text in argv + environment.flatMap({ [$0.0, $0.1] }) + [directory] {
                require(!text.utf8.contains(0), "no text holds a NUL")
            }
        case .kill(_, let signal): require((1...64).contains(signal), "a signal is one")
        }
    }
}
