import Core

/// A person as the workspace shows them.
package struct SlackPerson: Sendable, Equatable {
    package var name: String
    /// The name by which they log in.
    package var handle: String?
    package var team: String?
    package var isBot: Bool

    package init(name: String, handle: String? = nil, team: String? = nil, isBot: Bool = false) {
        self.name = name
        self.handle = handle
        self.team = team
        self.isBot = isBot
    }

    /// Reads the `user` of `users.info`.
    init?(_ json: JSONValue) {
        let profile = json[key: "profile"]
        let names = [
            profile?[key: "display_name"], profile?[key: "real_name"], json[key: "real_name"], json[key: "name"],
        ]
        guard let name = names.compactMap({ $0?.string }).first(where: { !$0.isEmpty }) else { return nil }
        self.init(
            name: name,
            handle: json[key: "name"]?.string,
            team: json[key: "team_id"]?.string,
            isBot: json[key: "is_bot"]?.bool ?? false
        )
    }
}
