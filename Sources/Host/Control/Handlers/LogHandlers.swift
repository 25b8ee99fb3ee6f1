import ControlProtocol
import Core
import HostLogging
import Logging

/// `logs level`: what the running host writes into its log.
struct LogHandlers: Sendable {
    let levels: LogLevels

    /// The parts of the host that log.
    static let components = [
        "actions", "agents", "approvals", "cards", "channels", "control", "delivery", "disk", "host", "instructions",
        "lifecycle", "models", "notices", "people", "questions", "retention", "router", "runners", "sweep", "tasks",
        "traces", "webhooks",
    ]

    func handlers() -> [String: ControlHandler] {
        ["logs level": { try self.level(&$0) }]
    }

    /// `level`, a name or `default`, and `component`; without a level nothing changes.
    private func level(_ call: inout ControlCall) throws -> JSONValue {
        let text = try call.arguments.optional("level")
        let component = try call.arguments.optional("component")
        try call.arguments.finish()
        if let component {
            // A part of a component, `router.x`, has the component's level.
            let whole = component.split(separator: ".", omittingEmptySubsequences: false).first.map(String.init) ?? ""
            guard Self.components.contains(whole) else {
                throw ControlError(
                    .invalidArguments,
                    "--component \"\(component.prefix(80))\" is unknown: use one of \(Self.components.joined(separator: ", "))"
                )
            }
        }
        if text == "default" {
            guard let component else {
                throw ControlError(.invalidArguments, "default is for a component: name it with --component")
            }
            levels.set(nil, for: component)
        } else if let text {
            levels.set(try ControlArguments.choice(text, Logger.Level.self, "level"), for: component)
        }
        let all = levels.all
        return [
            "standard": .string(all.standard.rawValue),
            "components": .object(all.components.mapValues { .string($0.rawValue) }),
        ]
    }
}
