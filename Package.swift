// swift-tools-version: 6.2
import PackageDescription

// MARK: - Settings

/// Every Swift target is compiled alike: language mode 6, warnings are errors.
let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
    .define("FAULTS", .when(traits: ["Faults"])),
]

// MARK: - Targets, lowest layer first

let ground: [Target] = [
    .systemLibrary(name: "CCap", pkgConfig: "libcap", providers: [.apt(["libcap-dev"])]),
    .systemLibrary(
        name: "CMarkGFM",
        providers: [.apt(["libcmark-gfm-dev", "libcmark-gfm-extensions-dev"])]
    ),
    .systemLibrary(name: "COlm", pkgConfig: "olm", providers: [.apt(["libolm-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
    .target(
        name: "CLinux",
        cSettings: [.define("NANOCLAW_FAULTS", .when(traits: ["Faults"]))]
    ),
    .target(name: "LinuxIO", dependencies: ["CLinux"]),
    .target(name: "Core"),
    .target(name: "Cron", dependencies: ["Core"]),
    .target(name: "Scheduling", dependencies: ["Core", "Cron"]),
    .target(
        name: "Migrations",
        path: "migrations",
        resources: [
            .embedInCode("central"), .embedInCode("inbound"), .embedInCode("outbound"), .embedInCode("traces"),
        ]
    ),
    .target(name: "ContainerResources"),
    .target(name: "ShellPolicy"),
    .target(name: "EngagePatterns"),
    .target(name: "AgentMail", dependencies: ["Core"]),
    .target(name: "ChatMarkdown", dependencies: ["CMarkGFM", "Core"]),
]

let contract: [Target] = [
    .target(name: "SandboxWire"),
    .target(name: "Sandbox", dependencies: ["CLinux", "Core", "LinuxIO", "SandboxWire"]),
    .target(name: "SessionStore", dependencies: ["CSQLite", "Core", "LinuxIO", "Migrations"]),
    .target(name: "Prompting", dependencies: ["Core"]),
    .target(name: "ControlProtocol", dependencies: ["CLinux", "Core", "LinuxIO"]),
    .target(name: "BackupArchive", dependencies: ["COpenSSL", "Core", "LinuxIO"]),
]

let runner: [Target] = [
    .target(
        name: "ModelProviders",
        dependencies: [
            "Core",
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"),
        ]
    ),
    .target(
        name: "AgentTools",
        dependencies: ["CLinux", "Core", "LinuxIO", "SandboxWire", "SessionStore", "ShellPolicy"]
    ),
    .target(
        name: "AgentRuntime",
        dependencies: ["AgentTools", "CLinux", "Core", "LinuxIO", "ModelProviders", "Prompting", "SessionStore"]
    ),
    .executableTarget(name: "agent-runner", dependencies: ["AgentRuntime", "AgentTools", "CLinux", "LinuxIO"]),
    .executableTarget(name: "nanoclaw-sandbox", dependencies: ["CCap", "CLinux", "SandboxWire"]),
]

/// A platform of chats, with what each of them stands on.
func platform(_ name: String, _ extra: [Target.Dependency] = []) -> Target {
    let shared: [Target.Dependency] = [
        "ChannelKit", "ChannelNetwork", "ChatMarkdown", "Core", "LinuxIO",
        .product(name: "Logging", package: "swift-log"),
    ]
    return .target(name: name, dependencies: shared + extra)
}

let host: [Target] = [
    // The host's side of the session files is a target of its own, so that libcrypto stays out of the runner.
    .target(
        name: "SessionStoreHost",
        dependencies: ["CLinux", "COpenSSL", "CSQLite", "Core", "LinuxIO", "Migrations", "SessionStore"]
    ),
    .target(
        name: "CentralStore",
        dependencies: [
            "CLinux", "COpenSSL", "CSQLite", "Core", "Cron", "LinuxIO", "Migrations", "Scheduling",
            .product(name: "GRDB", package: "GRDB.swift"),
            .product(name: "Logging", package: "swift-log"),
        ]
    ),
    .target(
        name: "TaskScheduling",
        dependencies: [
            "CentralStore", "Core", "LinuxIO", "Scheduling",
            .product(name: "GRDB", package: "GRDB.swift"),
            .product(name: "Logging", package: "swift-log"),
        ]
    ),
    .target(
        name: "HostConfiguration",
        dependencies: [
            "AgentMail", "Core", "LinuxIO",
            .product(name: "Configuration", package: "swift-configuration"),
            .product(name: "Yams", package: "Yams"),
        ]
    ),
    .target(
        name: "HostLogging",
        dependencies: ["Core", "LinuxIO", .product(name: "Logging", package: "swift-log")]
    ),
    .target(
        name: "People",
        dependencies: [
            "CentralStore", "COpenSSL", "Core",
            .product(name: "GRDB", package: "GRDB.swift"),
        ]
    ),
    .target(name: "Approvals", dependencies: ["COpenSSL", "Core"]),
    .target(
        name: "ChannelKit",
        dependencies: [
            "ChannelNetwork", "ChatMarkdown", "Core", "LinuxIO",
            .product(name: "Logging", package: "swift-log"),
        ]
    ),
    .target(
        name: "ChannelAccounts",
        dependencies: [
            "CentralStore", "ChannelKit", "ChannelNetwork", "Core", "LinuxIO",
            .product(name: "GRDB", package: "GRDB.swift"),
            .product(name: "Logging", package: "swift-log"),
        ]
    ),
    .target(
        name: "Channels",
        dependencies: [
            "CentralStore", "ChannelDiscord", "ChannelEmail", "ChannelKit", "ChannelMatrix", "ChannelSlack",
            "ChannelTelegram", "ChannelWebhook", "Core", "LinuxIO",
            .product(name: "GRDB", package: "GRDB.swift"),
            .product(name: "Logging", package: "swift-log"),
        ]
    ),
    platform("ChannelSlack", ["COpenSSL"]),
    platform("ChannelWebhook"),
    platform(
        "ChannelEmail",
        [
            .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
        ]
    ),
    platform("ChannelMatrix", ["COlm", "COpenSSL", .product(name: "GRDB", package: "GRDB.swift")]),
    platform("ChannelTelegram"),
    .target(
        name: "Egress",
        dependencies: [
            "CLinux", "Core", "LinuxIO",
            .product(name: "AsyncHTTPClient", package: "async-http-client"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"),
        ]
    ),
    .target(
        name: "ChannelNetwork",
        dependencies: [
            "COpenSSL", "Core", "LinuxIO",
            .product(name: "AsyncHTTPClient", package: "async-http-client"),
            .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "HummingbirdCore", package: "hummingbird"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
            .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "NIOWebSocket", package: "swift-nio"),
        ]
    ),
    platform("ChannelDiscord"),
    .target(name: "AgentRequests", dependencies: ["CentralStore", "ControlProtocol", "Core", "SessionStoreHost"]),
    .target(
        name: "Host",
        dependencies: [
            "AgentMail", "AgentRequests", "Approvals", "CentralStore", "ChannelAccounts", "ChannelKit",
            "ChannelNetwork",
            "Channels", "CLinux",
            "COpenSSL", "ContainerResources", "ControlProtocol", "Core", "Egress", "HostConfiguration", "HostLogging",
            "LinuxIO",
            "ModelProviders", "People", "Sandbox", "Scheduling", "SessionStore", "SessionStoreHost", "ShellPolicy",
            "TaskScheduling", "EngagePatterns",
            .product(name: "Collections", package: "swift-collections"),
            .product(name: "GRDB", package: "GRDB.swift"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "Metrics", package: "swift-metrics"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        ]
    ),
    .target(
        name: "Commands",
        dependencies: [
            "BackupArchive", "CentralStore", "ChannelAccounts", "ChannelKit", "CLinux", "ContainerResources",
            "ControlProtocol", "Core",
            "Cron", "Egress",
            "Host", "HostConfiguration",
            "HostLogging", "LinuxIO", "Migrations", "Sandbox", "SessionStore", "SessionStoreHost",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
            .product(name: "GRDB", package: "GRDB.swift"),
            .product(name: "Logging", package: "swift-log"),
        ]
    ),
    .executableTarget(name: "nanoclaw", dependencies: ["Commands"]),
    .executableTarget(
        name: "nanoclaw-bench",
        dependencies: [
            "CentralStore", "Channels", "Commands", "ControlProtocol", "Core", "Host", "LinuxIO", "Sandbox",
            "SessionStore", "SessionStoreHost",
            .product(name: "GRDB", package: "GRDB.swift"),
        ],
        path: "Benchmarks",
        exclude: ["Floor", "Peers", "run.sh"]
    ),
]

// MARK: - Tests, one target beside each module

func tests(_ module: String, _ extra: [Target.Dependency] = []) -> Target {
    .testTarget(name: "\(module)Tests", dependencies: [.byName(name: module), "Core", "TestSupport"] + extra)
}

/// What the tests of a platform with a judge stand on.
let ofPlatform: [Target.Dependency] = [
    "CLinux", "ChannelConformance", "ChannelKit", "ChannelNetwork", "ChatMarkdown", "JudgeSupport", "LinuxIO",
    .product(name: "Logging", package: "swift-log"),
]

let testing: [Target] = [
    .target(
        name: "NetworkTestSupport",
        dependencies: [
            .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
        ],
        path: "Tests/NetworkTestSupport"
    ),
    .target(name: "TestSupport", dependencies: ["Core", "LinuxIO", "SandboxWire"], path: "Tests/TestSupport"),
    .target(
        name: "ChannelConformance",
        dependencies: [
            "CLinux", "COpenSSL", "ChannelKit", "ChannelNetwork", "ChatMarkdown", "Core", "LinuxIO", "TestSupport",
            .product(name: "Logging", package: "swift-log"),
        ],
        path: "Tests/ChannelConformance"
    ),
    .target(
        name: "JudgeSupport",
        dependencies: ["CLinux", "ChannelNetwork", "Core", "LinuxIO", "TestSupport"],
        path: "Tests/JudgeSupport"
    ),
    .executableTarget(
        name: "crash-host",
        dependencies: [
            "CentralStore", "ChannelKit", "Core", "Host", "HostLogging", "LinuxIO", "SessionStore", "SessionStoreHost",
            "TestSupport", .product(name: "GRDB", package: "GRDB.swift"),
        ],
        path: "Tests/CrashHost"
    ),
    .executableTarget(
        name: "session-victim",
        dependencies: [
            "AgentRuntime", "CSQLite", "Core", "LinuxIO", "ModelProviders", "SessionStore", "SessionStoreHost",
        ],
        path: "Tests/SessionVictim"
    ),
    tests("AgentMail"),
    tests(
        "AgentRuntime",
        [
            "AgentTools", "LinuxIO", "ModelProviders", "Prompting", "SessionStore", "SessionStoreHost", "agent-runner",
            "session-victim",
        ]
    ),
    tests("AgentRequests", ["ControlProtocol"]),
    tests("AgentTools", ["LinuxIO", "SandboxWire", "SessionStore"]),
    tests("Approvals"),
    tests("BackupArchive", ["LinuxIO"]),
    tests(
        "ChannelAccounts",
        [
            "CentralStore", "ChannelConformance", "ChannelKit", "ChannelNetwork", "ChatMarkdown", "LinuxIO",
            .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Logging", package: "swift-log"),
        ]
    ),
    tests(
        "ChannelConformance",
        [
            "CentralStore", "ChannelKit", "ChannelNetwork", "Channels", "LinuxIO",
            .product(name: "Logging", package: "swift-log"),
        ]
    ),
    tests("ChannelDiscord", ofPlatform),
    tests("ChannelKit", ["ChatMarkdown", "LinuxIO"]),
    tests(
        "ChannelNetwork",
        [
            "LinuxIO", "NetworkTestSupport",
            .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "NIOWebSocket", package: "swift-nio"),
        ]
    ),
    tests("ChatMarkdown"),
    tests("CentralStore", [.product(name: "GRDB", package: "GRDB.swift"), "LinuxIO", "Migrations"]),
    tests(
        "ChannelEmail",
        [
            "ChannelConformance", "ChannelKit", "ChannelNetwork", "ChatMarkdown", "JudgeSupport", "LinuxIO",
            .product(name: "Logging", package: "swift-log"),
            .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
        ]
    ),
    tests(
        "ChannelWebhook",
        [
            "ChannelConformance", "ChannelKit", "ChannelNetwork", "LinuxIO",
            .product(name: "Logging", package: "swift-log"),
        ]
    ),
    tests("Channels", ["CentralStore", "ChannelKit", "LinuxIO"]),
    tests("ChannelSlack", ofPlatform),
    tests(
        "ChannelMatrix",
        [
            "ChannelConformance", "ChannelKit", "ChannelNetwork", "JudgeSupport", "LinuxIO",
            .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Logging", package: "swift-log"),
        ]
    ),
    tests("ChannelTelegram", ofPlatform),
    tests(
        "Commands",
        [
            "BackupArchive", "CentralStore", "ControlProtocol", "Cron", .product(name: "GRDB", package: "GRDB.swift"),
            "LinuxIO",
        ]
    ),
    tests("ControlProtocol", ["CLinux", "LinuxIO"]),
    .testTarget(name: "CoreTests", dependencies: ["Core", "TestSupport"]),
    tests("Cron"),
    tests("EngagePatterns"),
    tests(
        "Egress",
        [
            "LinuxIO", "ModelProviders", "NetworkTestSupport",
            .product(name: "Logging", package: "swift-log"), .product(name: "NIOHTTP1", package: "swift-nio"),
        ]
    ),
    .testTarget(
        name: "EndToEndTests",
        dependencies: [
            "CLinux", "ChannelNetwork", "Core", "JudgeSupport", "LinuxIO", "TestSupport", "crash-host", "nanoclaw",
            .product(name: "Logging", package: "swift-log"),
        ]
    ),
    tests(
        "Host",
        [
            "Approvals", "CentralStore", "ChannelAccounts", "ChannelKit", "Channels", "ControlProtocol", "HostLogging",
            "LinuxIO",
            "NetworkTestSupport",
            "People", "Sandbox", "SessionStore",
            "SessionStoreHost", "crash-host", .product(name: "GRDB", package: "GRDB.swift"),
        ]
    ),
    tests("HostConfiguration"),
    tests("HostLogging", ["LinuxIO", .product(name: "Logging", package: "swift-log")]),
    tests("LinuxIO"),
    tests("ModelProviders", ["NetworkTestSupport"]),
    tests("People", ["CentralStore", .product(name: "GRDB", package: "GRDB.swift")]),
    tests("Prompting"),
    tests("Scheduling", ["Cron"]),
    tests(
        "TaskScheduling",
        [
            "CentralStore", .product(name: "GRDB", package: "GRDB.swift"),
            .product(name: "Logging", package: "swift-log"), "Scheduling",
        ]
    ),
    tests("Sandbox", ["CLinux", "CSeccomp", "LinuxIO", "SandboxWire"]),
    tests("ShellPolicy"),
    tests("SessionStore", ["CLinux", "CSQLite", "LinuxIO", "Migrations", "SessionStoreHost", "session-victim"]),
]

// MARK: - Package

/// `NANOCLAW_TARGETS=CoreTests,SandboxTests` narrows the package to those targets and what they stand on:
/// a quick build while one module is being changed.
func narrowed(_ all: [Target]) -> [Target] {
    guard let wanted = Context.environment["NANOCLAW_TARGETS"], !wanted.isEmpty else { return all }
    let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
    var kept: Set<String> = []
    var open = wanted.split(separator: ",").map(String.init)
    while let name = open.popLast() {
        guard let target = byName[name], kept.insert(name).inserted else { continue }
        for dependency in target.dependencies {
            switch dependency {
            case .byNameItem(let name, _), .targetItem(let name, _): open.append(name)
            default: continue
            }
        }
    }
    return all.filter { kept.contains($0.name) }
}

/// The fuzzing program and what it feeds, in place of all else with `NANOCLAW_FUZZ=1`; `planted` compiles bugs in.
///
/// Of many modules only the parsers are taken, so that no network library has to be built.
let fuzzing: [Target] = [
    .target(
        name: "ModelProviders",
        dependencies: ["Core"],
        exclude: [
            "HTTP", "Offline", "ModelProviders.swift", "Anthropic/AnthropicProvider.swift",
            "OpenAI/OpenAIProvider.swift",
        ]
    ),
    .target(
        name: "Commands",
        dependencies: ["CLinux", "Core"],
        sources: [
            "Support/ArgumentOrder.swift", "Terminal/DisplayWidth.swift", "Terminal/KeyDecoder.swift",
            "Terminal/LineBuffer.swift", "Terminal/PromptLayout.swift",
        ]
    ),
    .target(
        name: "People",
        dependencies: ["COpenSSL", "Core"],
        sources: ["PeopleError.swift", "Pairing/PairingCode.swift"]
    ),
    .target(
        name: "ChannelNetwork",
        dependencies: ["COpenSSL", "Core", "LinuxIO"],
        sources: [
            "NetworkError.swift", "HTTP/HTTPDate.swift", "HTTP/HeaderList.swift", "HTTP/RetryAfter.swift", "Hosts",
            "Signatures",
            "Support/Base64.swift",
            "Support/BlockingQueue.swift", "Support/Digest.swift", "WebSocket/WebSocketAnswerHead.swift",
            "WebSocket/WebSocketAssembler.swift", "WebSocket/WebSocketHandshake.swift",
            "WebSocket/WebSocketMessage.swift", "Webhooks/WebhookRequest.swift",
        ]
    ),
    .target(
        name: "ChannelKit",
        dependencies: ["Core"],
        sources: [
            "Accounts/ChannelSetup.swift", "Cards/Card.swift", "Cards/CardAnswer.swift", "Cards/CardReply.swift",
            "Events", "Outbound/ChannelError.swift",
        ]
    ),
    .target(name: "ChannelTelegram", dependencies: ["ChannelKit", "Core"], sources: ["Reading", "Wire"]),
    .target(
        name: "ChannelDiscord",
        dependencies: ["ChannelKit", "Core"],
        sources: [
            "DiscordWords.swift", "Gateway/GatewayMachine.swift", "Gateway/GatewayNext.swift",
            "Gateway/SequenceLedger.swift", "Inbound/MessageMarkup.swift", "Inbound/MessageReading.swift",
            "Inbound/SlashCommands.swift", "Outbound/DiscordAddress.swift", "Wire",
        ]
    ),
    .target(
        name: "ChannelSlack",
        dependencies: ["ChannelKit", "ChannelNetwork", "Core"],
        sources: [
            "Inbound/SlackMessage+Event.swift", "Link/FormDecoding.swift", "Link/SlackPost.swift",
            "Link/SocketFrame.swift", "Wire",
        ]
    ),
    .target(
        name: "ChannelMatrix",
        dependencies: [
            "COlm", "ChannelKit", "ChannelNetwork", "Core", "LinuxIO", .product(name: "GRDB", package: "GRDB.swift"),
        ],
        exclude: [
            "Encryption/AttachmentCipher.swift", "Encryption/DeviceCheck.swift", "Encryption/RoomCrypto.swift",
        ],
        sources: ["Encryption", "Receiving/EventReading.swift", "Store", "Wire"]
    ),
    .target(
        name: "Egress",
        dependencies: ["Core"],
        sources: [
            "EgressError.swift", "Model/HeaderRules.swift", "Model/ModelPath.swift", "Model/ModelUpstream.swift",
        ]
    ),
    .target(
        name: "ChannelWebhook",
        dependencies: ["ChannelKit", "ChannelNetwork", "Core"],
        sources: [
            "JSONPath.swift", "WebhookAuthentication.swift", "WebhookBody.swift", "WebhookReading.swift",
            "WebhookSettings.swift", "WebhookTemplate.swift",
        ]
    ),
    .target(
        name: "ChannelEmail",
        dependencies: ["ChannelKit", "ChannelNetwork", "Core"],
        exclude: ["Mime/MailComposer.swift"],
        sources: [
            "Adapter/EmailSettings.swift", "Adapter/MailPeer.swift", "Adapter/MailReading.swift",
            "Connection/MailError.swift", "Connection/MailServer.swift", "IMAP/IMAPLineReader.swift",
            "IMAP/IMAPResponse.swift",
            "IMAP/IMAPValue.swift", "Mime", "Policy/AuthenticationResults.swift", "Policy/LoopGuard.swift",
            "Policy/MessageIDs.swift", "Policy/SenderList.swift", "Policy/SenderTrust.swift", "SMTP/SMTPReply.swift",
        ]
    ),
    .target(
        name: "AgentTools",
        dependencies: ["Core"],
        sources: ["CommandLine/CommandLineWire.swift", "Server/FileRequest.swift", "Toolbox/ToolFailure.swift"]
    ),
    .executableTarget(
        name: "nanoclaw-fuzz",
        dependencies: [
            "AgentRequests", "AgentTools", "Approvals", "BackupArchive", "CSQLite", "CentralStore", "ChannelDiscord",
            "ChannelEmail", "ChannelKit", "ChannelMatrix", "ChannelNetwork", "ChannelSlack", "ChannelTelegram",
            "ChannelWebhook", "ChatMarkdown", "Commands", "ControlProtocol", "Core", "Cron", "Egress", "EngagePatterns",
            "HostConfiguration", "LinuxIO", "ModelProviders", "People", "Prompting", "SandboxWire", "SessionStore",
            "SessionStoreHost", "ShellPolicy", .product(name: "GRDB", package: "GRDB.swift"),
        ],
        path: "Tests/Fuzz",
        exclude: ["corpus", "fuzz.py"],
        swiftSettings: Context.environment["NANOCLAW_FUZZ"] == "planted" ? [.define("PLANTED")] : []
    ),
]

/// The package's targets, or with `NANOCLAW_FUZZ` those of the fuzzing program, put in place of their namesakes.
func chosen(_ all: [Target], _ fuzzing: [Target]) -> [Target] {
    guard Context.environment["NANOCLAW_FUZZ"]?.isEmpty == false else { return narrowed(all) }
    let replaced = Set(fuzzing.map(\.name))
    return narrowed(all.filter { !replaced.contains($0.name) } + fuzzing)
}

let targets = chosen(ground + contract + runner + host + testing, fuzzing)
for target in targets where ![.system].contains(target.type) && target.name != "CLinux" {
    target.swiftSettings = (target.swiftSettings ?? []) + swiftSettings
}

let package = Package(
    name: "nanoclaw",
    traits: [
        .trait(name: "Faults", description: "Test builds only: makes the k-th step of a set-up fail on request.")
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0", traits: ["YAML"]),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        // Not named by any target: held to one version because a package above depends on them.
        .package(url: "https://github.com/apple/swift-algorithms", exact: "1.2.1"),
        .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-async-algorithms", exact: "1.1.4"),
        .package(url: "https://github.com/apple/swift-atomics", exact: "1.3.0"),
        .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", exact: "1.7.3"),
        .package(url: "https://github.com/apple/swift-http-structured-headers", exact: "1.7.0"),
        .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-transport-services", exact: "1.28.0"),
        .package(url: "https://github.com/apple/swift-numerics", exact: "1.1.1"),
        .package(url: "https://github.com/apple/swift-service-context", exact: "1.5.1"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    ],
    targets: targets
)
