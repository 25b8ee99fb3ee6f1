package import Core

/// Something the model can have done.
///
/// A new tool is a type of this kind and a line in ``Toolbox/standard(_:)``.
package protocol AgentTool: Sendable {
    var specification: ToolSpecification { get }

    /// How long the call may take, as its arguments declare it; nil for the default of the limits.
    func declaredTimeout(_ arguments: ToolArguments) -> Duration?

    /// How long it may wait for the host beside that.
    var hostTime: Duration { get }

    /// Does it. The arguments have passed the schema; an error that is no ``ToolFailure`` is told as it is.
    func run(_ arguments: ToolArguments, _ context: ToolContext) async throws -> ToolResult
}

extension AgentTool {
    package func declaredTimeout(_ arguments: ToolArguments) -> Duration? { nil }
    package var hostTime: Duration { .zero }
}

/// What the model is told of a tool.
package struct ToolSpecification: Sendable {
    /// `[a-z_]`, unique among the tools.
    package let name: String
    package let description: String
    /// The shape of the arguments.
    package let schema: JSONSchema
    /// The schema as JSON text; equal from one process to the next.
    package let parameters: String

    /// A tool whose arguments are these properties, all of them optional but the required ones, and no others.
    init(_ name: String, _ description: String, _ properties: [String: JSONValue], required: [String] = []) {
        self.name = name
        self.description = description
        let value: JSONValue = [
            "type": "object", "properties": .object(properties), "required": .array(required.map(JSONValue.string)),
            "additionalProperties": false,
        ]
        do {
            schema = try JSONSchema(value)
            parameters = try schema.value.text()
        } catch {
            // The properties are literals of this module: a wrong keyword is found by any test that makes the tool.
            preconditionFailure("\(name): \(error)")
        }
    }
}

/// What a call is made in.
package struct ToolContext: Sendable {
    /// Rises by one with each call of the process; names the call's files.
    package let number: Int
    package let limits: AgentConfiguration.Limits
    /// Whether shell commands need somebody's word.
    package let shell: ShellMode

    /// The context of one call.
    package init(number: Int, limits: AgentConfiguration.Limits, shell: ShellMode = .allow) {
        self.number = number
        self.limits = limits
        self.shell = shell
    }
}

/// Arguments that have passed the tool's schema.
package struct ToolArguments: Sendable {
    private let members: [String: JSONValue]

    /// The members of an object; anything else has none.
    package init(_ value: JSONValue) {
        if case .object(let members) = value { self.members = members } else { members = [:] }
    }

    /// A text, or nil when the call does not name it.
    package func text(_ name: String) -> String? {
        guard case .string(let value)? = members[name] else { return nil }
        return value
    }

    /// A text that the schema requires.
    package func required(_ name: String) throws(ToolFailure) -> String {
        guard let value = text(name) else { throw ToolFailure("\"\(name)\" is missing") }
        return value
    }

    /// A whole number, or nil when the call does not name it.
    package func integer(_ name: String) -> Int? {
        guard case .integer(let value)? = members[name] else { return nil }
        return Int(value)
    }

    /// Any value, or nil when the call does not name it.
    package func value(_ name: String) -> JSONValue? { members[name] }

    /// A truth value; false when the call does not name it.
    package func flag(_ name: String) -> Bool { members[name] == .bool(true) }
}
