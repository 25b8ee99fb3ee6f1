import ControlProtocol
import Core

@testable import AgentRequests

/// The words behind `nanoclaw` inside a sandbox: whatever they are, the call stays within what its caller may reach.
struct InsideCallsTarget: FuzzTarget {
    static let name = "inside-calls"

    private static let own = AgentGroupID(unchecked: "ag_own")
    private static let session = SessionID(unchecked: "se_own")

    func run(_ input: [UInt8]) {
        var choices = Choices(input)
        let isGlobal = choices.flag()
        // One word a line, as the words of an argument vector hold no NUL and may hold anything else.
        let words = String(decoding: choices.remainder(), as: UTF8.self).split(
            separator: "\n",
            omittingEmptySubsequences: false
        ).map(String.init)
        let call: InsideCall
        do throws(ControlError) {
            call = try read(words, isGlobal: isGlobal)
        } catch {
            require("\(error.message)".utf8.count < 1000, "a refusal is short: \(error)")
            return
        }
        let verb = call.verb
        require(InsideVerb.all.contains { $0.command == verb.command }, "a call is of a verb that there is")
        require(words.joined(separator: " ").hasPrefix(verb.command), "the verb is what the call begins with: \(words)")
        reach(call, isGlobal, words)
        let known = Set(verb.positionals + verb.options.map(\.argument) + ["group", "session"])
        require(Set(call.arguments.keys).isSubset(of: known), "no argument is made up: \(call.arguments)")
        for option in verb.options {
            guard let value = call.arguments[option.argument] else { continue }
            switch (option.kind, value) {
            case (.text, .string), (.integer, .integer), (.flag, .bool): break
            default: violated("an argument is of its option's kind: \(option.name) \(value)")
            }
        }
        if words.count < InsideCall.mostWords {
            // Asking for JSON once more changes nothing else.
            let again = try? read(words + ["--json"], isGlobal: isGlobal)
            require(again?.isJSON == true && again?.arguments == call.arguments, "--json changes no argument: \(words)")
            if !isGlobal, verb.options.contains(where: { $0.name == "group" }), !words.contains(where: isGroup) {
                require((try? read(words + ["--group=other"], isGlobal: false)) == nil, "another group is refused")
            }
        }
    }

    private func isGroup(_ word: String) -> Bool { word == "--group" || word.hasPrefix("--group=") }

    /// Held to the caller's own, unless its scope is everything.
    private func reach(_ call: InsideCall, _ isGlobal: Bool, _ words: [String]) {
        switch call.verb.reach {
        case .ownGroup:
            let group = call.arguments["group"]?.string
            require(isGlobal ? group != nil : group == Self.own.rawValue, "the group is its own: \(words)")
        case .ownSession:
            let session = call.arguments["session"]?.string
            require(isGlobal ? session != nil : session == Self.session.rawValue, "the session is its own: \(words)")
        case .sessionOfGroup: require(call.arguments["session"]?.string != nil, "it names a session: \(words)")
        case .global: require(isGlobal, "only a global call reaches everything: \(words)")
        }
    }

    private func read(_ words: [String], isGlobal: Bool) throws(ControlError) -> InsideCall {
        let caller = InsideCall.Caller(group: Self.own, folder: "own", session: Self.session, isGlobal: isGlobal)
        #if PLANTED
        // A call that is held to its group only where it names none.
        let isNamed = words.contains { isGroup($0) }
        return try InsideCall(
            words,
            caller: InsideCall.Caller(
                group: Self.own,
                folder: "own",
                session: Self.session,
                isGlobal: isGlobal || isNamed
            )
        )
        #else
        return try InsideCall(words, caller: caller)
        #endif
    }
}
