package import ControlProtocol
package import Core

/// A call of `nanoclaw` inside a sandbox, read: which verb, and with what.
package struct InsideCall: Sendable {
    /// Whose call it is, as the host knows it.
    package struct Caller: Sendable {
        package let group: AgentGroupID
        /// The group's folder, which names it too.
        package let folder: String
        package let session: SessionID
        package let isGlobal: Bool

        package init(group: AgentGroupID, folder: String, session: SessionID, isGlobal: Bool) {
            self.group = group
            self.folder = folder
            self.session = session
            self.isGlobal = isGlobal
        }
    }

    /// The most words of a call, and bytes of all of them.
    package static let mostWords = 64
    package static let mostBytes = 32 * 1024

    package let verb: InsideVerb
    /// As the host's handler takes them; held to what the caller may reach.
    package let arguments: [String: JSONValue]
    /// The answer is wanted as JSON.
    package let isJSON: Bool

    /// Reads the words behind the program's name; throws ``ControlError`` naming what is wrong or not allowed.
    package init(_ words: [String], caller: Caller) throws(ControlError) {
        guard words.count <= Self.mostWords, words.reduce(0, { $0 + $1.utf8.count }) <= Self.mostBytes else {
            throw ControlError(.tooLarge, "a call has at most \(Self.mostWords) words of \(Self.mostBytes) bytes")
        }
        let (verb, rest) = try Self.verb(words)
        self.verb = verb
        var json = false
        var arguments = try Self.arguments(rest, of: verb, json: &json)
        isJSON = json
        try Self.hold(&arguments, verb, caller)
        self.arguments = arguments
    }

    /// The verb with the most words that the call begins with.
    private static func verb(_ words: [String]) throws(ControlError) -> (InsideVerb, ArraySlice<String>) {
        let heads = words.prefix { !$0.hasPrefix("-") }
        for count in (1...3).reversed() where heads.count >= count {
            let command = heads.prefix(count).joined(separator: " ")
            if let verb = InsideVerb.all.first(where: { $0.command == command }) {
                return (verb, words.dropFirst(count))
            }
        }
        let said = heads.prefix(3).joined(separator: " ")
        throw ControlError(
            .unknownCommand,
            said.isEmpty
                ? "say what: `nanoclaw help` lists it"
                : "inside a sandbox nanoclaw has no command \"\(said.prefix(60))\": `nanoclaw help` lists those it has"
        )
    }

    private static func arguments(
        _ words: ArraySlice<String>,
        of verb: InsideVerb,
        json: inout Bool
    ) throws(ControlError) -> [String: JSONValue] {
        var arguments: [String: JSONValue] = [:]
        var places = verb.positionals[...]
        var rest = words
        while let word = rest.popFirst() {
            guard word.hasPrefix("--"), word.utf8.count > 2 else {
                guard let name = places.popFirst() else {
                    throw ControlError(.invalidArguments, "\(verb.command): \"\(word.prefix(60))\" is too many")
                }
                arguments[name] = .string(word)
                continue
            }
            if word == "--json" {
                json = true
                continue
            }
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let option = verb.options.first(where: { $0.name == name }) else {
                let known = (verb.options.map { "--\($0.name)" } + ["--json"]).joined(separator: ", ")
                throw ControlError(
                    .invalidArguments,
                    "\(verb.command) has no option \"--\(name.prefix(40))\" here; there are: \(known)"
                )
            }
            guard arguments[option.argument] == nil else {
                throw ControlError(.invalidArguments, "\(verb.command): --\(name) is given twice")
            }
            if option.kind == .flag, parts.count == 1 {
                arguments[option.argument] = true
                continue
            }
            guard let text = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
                throw ControlError(.invalidArguments, "\(verb.command): --\(name) needs a value")
            }
            arguments[option.argument] = try value(text, option, verb)
        }
        return arguments
    }

    private static func value(
        _ text: String,
        _ option: InsideVerb.Option,
        _ verb: InsideVerb
    ) throws(ControlError) -> JSONValue {
        switch option.kind {
        case .text: return .string(text)
        case .integer:
            guard let number = Int64(text) else {
                throw ControlError(.invalidArguments, "\(verb.command): --\(option.name) is a whole number")
            }
            return .integer(number)
        case .flag:
            guard text == "true" || text == "false" else {
                throw ControlError(.invalidArguments, "\(verb.command): --\(option.name) is true or false")
            }
            return .bool(text == "true")
        }
    }

    /// Holds the arguments to what the caller may reach; throws `forbidden` for what names something else.
    private static func hold(
        _ arguments: inout [String: JSONValue],
        _ verb: InsideVerb,
        _ caller: Caller
    ) throws(ControlError) {
        func own(_ name: String, _ names: [String], _ value: String) throws(ControlError) {
            if let said = arguments[name]?.string, !caller.isGlobal {
                guard names.contains(said) else {
                    throw ControlError(.forbidden, "\(verb.command): \"\(said.prefix(60))\" is not your own \(name)")
                }
            }
            if !caller.isGlobal || arguments[name] == nil { arguments[name] = .string(value) }
        }
        switch verb.reach {
        case .ownGroup: try own("group", [caller.group.rawValue, caller.folder], caller.group.rawValue)
        case .ownSession: try own("session", [caller.session.rawValue], caller.session.rawValue)
        case .sessionOfGroup:
            if arguments["session"] == nil { arguments["session"] = .string(caller.session.rawValue) }
        case .global:
            guard caller.isGlobal else {
                throw ControlError(
                    .forbidden,
                    "\(verb.command) needs the scope global, which an admin sets with "
                        + "`nanoclaw groups config update \(caller.folder) --cli-scope global`"
                )
            }
        }
    }
}
