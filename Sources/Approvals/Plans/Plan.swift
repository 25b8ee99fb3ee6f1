package import Core

/// What is to be done, complete: whose word is asked about, what the card shows, and what runs.
///
/// Two plans are the same when their hashes are; comparing texts would take letters for equal whose bytes differ.
package struct Plan: Sendable {
    /// The most bytes of a canonical plan: more would not be read by whoever approves it.
    package static let longest = 16 * 1024

    /// The kind of action, as it was registered.
    package let action: String
    /// For whom it is done; nil for what belongs to no agent group.
    package let agentGroup: AgentGroupID?
    /// The action's arguments, all of them.
    package let payload: JSONValue
    /// The canonical text: what is stored, hashed, and read back before it runs.
    package let text: String
    /// Of ``text``.
    package let hash: PlanHash

    /// A plan; throws ``ApprovalError`` `invalidPlan` when it has fractions or is too deep or too long.
    package init(action: String, agentGroup: AgentGroupID?, payload: JSONValue) throws {
        self.action = action
        self.agentGroup = agentGroup
        self.payload = payload
        let bytes = try CanonicalJSON.bytes(Self.value(action, agentGroup, payload))
        guard bytes.count <= Self.longest else {
            throw ApprovalError(
                .invalidPlan,
                "the plan has \(bytes.count) bytes, at most \(Self.longest) can be shown: put the rest into a file and "
                    + "name its hash"
            )
        }
        text = String(decoding: bytes, as: UTF8.self)
        hash = try PlanHash(of: bytes)
    }

    /// Reads a plan that was stored; throws `planChanged` unless it is byte for byte the canonical text with this hash.
    package init(stored text: String, hash: PlanHash) throws {
        let bytes = Array(text.utf8)
        guard try PlanHash(of: bytes) == hash else {
            throw ApprovalError(.planChanged, "the stored plan is not the one that was shown: its hash differs")
        }
        let value = try JSONValue(parsing: text)
        guard case .object(let fields) = value, let action = fields["action"]?.string, let payload = fields["payload"]
        else { throw ApprovalError(.planChanged, "the stored plan has no action or no payload") }
        let group = fields["group"]?.string.flatMap { AgentGroupID(rawValue: $0) }
        try self.init(action: action, agentGroup: group, payload: payload)
        guard self.hash == hash else {
            throw ApprovalError(.planChanged, "the stored plan is not in its canonical form")
        }
    }

    /// The hash that a standing grant is bound to: action, agent group, what the action calls its scope, and who may give
    /// their word on it.
    package func scopeHash(_ scope: JSONValue, level: ApproverLevel) throws -> PlanHash {
        let bound: JSONValue = ["level": .string(level.rawValue), "scope": scope]
        return try PlanHash(of: try CanonicalJSON.bytes(Self.value("scope of \(action)", agentGroup, bound)))
    }

    private static func value(_ action: String, _ group: AgentGroupID?, _ payload: JSONValue) -> JSONValue {
        [
            "action": .string(action), "group": group.map { .string($0.rawValue) } ?? .null, "payload": payload,
            "version": 1,
        ]
    }
}
