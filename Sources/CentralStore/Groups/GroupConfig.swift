package import Core

/// How an agent group works: the JSON of `agent_group_configs.config`.
///
/// A key that is not here is refused by name, when it is written and when it is read.
package struct GroupConfig: Codable, Sendable, Equatable {
    /// Overrides the provider's model.
    package var model: String?
    /// The name the agent goes by; nil means the group's.
    package var assistantName: String?
    /// IANA name; nil means the host's.
    package var timeZone: String?
    /// Numbers of its own.
    package var limits: [GroupLimit: Int] = [:]
    /// Tools that the agent does not have.
    package var deniedTools: [String] = []
    /// Which skills are shown to it.
    package var skills: SkillSelection = .all
    /// Names from `mounts:` of `config.yaml` that its tools see below /workspace/extra.
    package var mounts: [String] = []
    package var packages = PackageSelection()
    /// MCP servers by name.
    package var mcpServers: [String: MCPServer] = [:]
    /// What `nanoclaw` inside the sandbox may do.
    package var cliScope: CLIScope = .group
    /// Whether its shell commands need an admin's word.
    package var shellPolicy: ShellMode = .allow

    package init() {}

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case model, assistantName, timeZone, limits, deniedTools, skills, mounts, packages, mcpServers, cliScope,
            shellPolicy
    }

    package init(from decoder: any Decoder) throws {
        try StrictKeys.check(decoder, CodingKeys.self, in: "group configuration")
        let values = try decoder.container(keyedBy: CodingKeys.self)
        model = try values.decodeIfPresent(String.self, forKey: .model)
        assistantName = try values.decodeIfPresent(String.self, forKey: .assistantName)
        timeZone = try values.decodeIfPresent(String.self, forKey: .timeZone)
        limits = try Self.decodeLimits(values)
        deniedTools = try values.decodeIfPresent([String].self, forKey: .deniedTools) ?? []
        skills = try values.decodeIfPresent(SkillSelection.self, forKey: .skills) ?? .all
        mounts = try values.decodeIfPresent([String].self, forKey: .mounts) ?? []
        packages = try values.decodeIfPresent(PackageSelection.self, forKey: .packages) ?? PackageSelection()
        mcpServers = try values.decodeIfPresent([String: MCPServer].self, forKey: .mcpServers) ?? [:]
        cliScope = try values.decodeEnum(CLIScope.self, forKey: .cliScope) ?? .group
        shellPolicy = try values.decodeEnum(ShellMode.self, forKey: .shellPolicy) ?? .allow
        try validate()
    }

    private static func decodeLimits(_ values: KeyedDecodingContainer<CodingKeys>) throws -> [GroupLimit: Int] {
        let named = try values.decodeIfPresent([String: Int].self, forKey: .limits) ?? [:]
        var limits: [GroupLimit: Int] = [:]
        for (name, value) in named {
            guard let limit = GroupLimit(rawValue: name) else {
                throw StoreError(.invalid, StrictKeys.unknown(name, GroupLimit.allCases.map(\.rawValue), in: "limits"))
            }
            limits[limit] = value
        }
        return limits
    }
}

/// Which skills an agent is shown: `"all"`, or a list of names.
package enum SkillSelection: Codable, Sendable, Equatable {
    case all
    case only([String])

    package init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let text = try? value.decode(String.self) {
            guard text == "all" else {
                throw StoreError(.invalid, "skills: \"\(text.prefix(80))\" is neither \"all\" nor a list of names")
            }
            self = .all
        } else {
            self = .only(try value.decode([String].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .all: try value.encode("all")
        case .only(let names): try value.encode(names)
        }
    }
}

/// Packages that the group's layer holds.
package struct PackageSelection: Codable, Sendable, Equatable {
    package var apt: [String] = []
    package var pip: [String] = []

    package init() {}

    private enum CodingKeys: String, CodingKey, CaseIterable { case apt, pip }

    package init(from decoder: any Decoder) throws {
        try StrictKeys.check(decoder, CodingKeys.self, in: "packages")
        let values = try decoder.container(keyedBy: CodingKeys.self)
        apt = try values.decodeIfPresent([String].self, forKey: .apt) ?? []
        pip = try values.decodeIfPresent([String].self, forKey: .pip) ?? []
    }
}

/// A tool server that is started in the tool tier.
package struct MCPServer: Codable, Sendable, Equatable {
    package var command: String
    package var arguments: [String]
    /// Plain values only: what stands here is no secret.
    package var environment: [String: String]

    package init(command: String, arguments: [String] = [], environment: [String: String] = [:]) {
        self.command = command
        self.arguments = arguments
        self.environment = environment
    }

    private enum CodingKeys: String, CodingKey, CaseIterable { case command, arguments, environment }

    package init(from decoder: any Decoder) throws {
        try StrictKeys.check(decoder, CodingKeys.self, in: "an MCP server")
        let values = try decoder.container(keyedBy: CodingKeys.self)
        command = try values.decode(String.self, forKey: .command)
        arguments = try values.decodeIfPresent([String].self, forKey: .arguments) ?? []
        environment = try values.decodeIfPresent([String: String].self, forKey: .environment) ?? [:]
    }
}

/// What the CLI inside a sandbox may reach.
package enum CLIScope: String, Codable, Sendable, CaseIterable {
    case disabled, group, global
}
