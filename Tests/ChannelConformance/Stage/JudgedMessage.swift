package import Core

extension WorldMessage {
    /// A message as the judge of a platform tells of it; `account` is what it calls the agent's own account.
    package init(told message: JSONValue, account: String = "bot") {
        func list(_ key: String) -> [JSONValue] { message[key: key]?.array ?? [] }
        func text(_ value: JSONValue, _ key: String) -> String { value[key: key]?.string ?? "" }
        let buttons = list("buttons").flatMap { $0.array ?? [] }
        let links = buttons.compactMap { button in
            button[key: "url"]?.string.map { (text(button, "label"), $0) }
        }
        self.init(
            id: text(message, "id"),
            isAgents: message[key: "is_self"]?.bool == true || text(message, "from") == account,
            text: text(message, "text"),
            thread: message[key: "thread"]?.string,
            replyTo: message[key: "reply_to"]?.string,
            reactions: list("reactions").filter { text($0, "by") == account }.compactMap { $0[key: "emoji"]?.string },
            files: Dictionary(list("files").map { (text($0, "name"), text($0, "sha256")) }) { $1 },
            buttons: buttons.map { text($0, "label") },
            links: Dictionary(links) { $1 }
        )
    }
}
