import Testing

@testable import ModelProviders

struct HistoryTests {
    private func call(_ ids: String..., text: String = "") -> ModelMessage {
        let calls = ids.map { ModelMessage.Part.toolCall(id: $0, name: "t", arguments: "{}") }
        return ModelMessage(role: .assistant, parts: (text.isEmpty ? [] : [.text(text)]) + calls)
    }

    private func ids(_ entries: [History.Entry]) -> (calls: [String], results: [String]) {
        var calls: [String] = []
        var results: [String] = []
        for entry in entries {
            if case .assistant(_, let made) = entry { calls += made.map(\.id) }
            if case .results(let given) = entry { results += given.map(\.id) }
        }
        return (calls, results)
    }

    @Test func `T29 a call that a broken turn left without a result gets one that says so`() {
        let entries = History.normalized([
            .user("go"), call("a", "b"), .toolResult(id: "b", text: "ok"), .user("well?"),
        ])
        guard case .results(let results) = entries[2] else {
            Issue.record("no results")
            return
        }
        #expect(results.map(\.id) == ["a", "b"])
        #expect(results[0].isError)
        #expect(results[0].text.contains("No result"))
        #expect(results[1] == .init(id: "b", text: "ok", isError: false))
        #expect(entries[3] == .user(["well?"]))
    }

    @Test func `a result without a call is left out`() {
        let entries = History.normalized([.user("go"), .toolResult(id: "x", text: "lost"), .assistant("fine")])
        #expect(entries == [.user(["go"]), .assistant("fine", [])])
    }

    @Test func `ids of one wire are made to fit the other, calls and results alike`() {
        let odd = "functions.shell:0"
        let long = String(repeating: "x", count: 64)
        let messages: [ModelMessage] = [
            .user("go"), call(odd, long, "toolu_01Ab-_"),
            .toolResult(id: odd, text: "1"), .toolResult(id: long, text: "2"),
            .toolResult(id: "toolu_01Ab-_", text: "3"),
        ]
        let found = ids(History.normalized(messages))
        #expect(found.calls == found.results)
        #expect(found.calls[2] == "toolu_01Ab-_")
        #expect(Set(found.calls).count == 3)
        for id in found.calls { #expect(id.wholeMatch(of: /[A-Za-z0-9_-]{1,40}/) != nil) }
        #expect(ids(History.normalized(messages)).calls == found.calls)
    }

    @Test func `an id that a server gives twice becomes two`() {
        let messages: [ModelMessage] = [
            .user("go"), call("call_0"), .toolResult(id: "call_0", text: "1"), call("call_0"),
            .toolResult(id: "call_0", text: "2"),
        ]
        let entries = History.normalized(messages)
        #expect(ids(entries).calls == ["call_0", "call_0_2"])
        #expect(entries.last == .results([.init(id: "call_0_2", text: "2", isError: false)]))
    }

    @Test func `empty entries go and neighbours of one side become one`() {
        let entries = History.normalized([
            .user(" \n"), .user("a"), .user("b"), .assistant(""), .user("c"), .assistant("d"), .assistant("e"),
        ])
        #expect(entries == [.user(["a", "b", "c"]), .assistant("d\n\ne", [])])
    }

    @Test func `a history whose beginning is gone still begins with the user`() {
        let entries = History.normalized([.toolResult(id: "x", text: ""), .assistant("so"), .user("and?")])
        guard case .user? = entries.first else {
            Issue.record("begins with \(entries)")
            return
        }
        #expect(entries.dropFirst() == [.assistant("so", []), .user(["and?"])])
        #expect(History.normalized([]) == [])
    }
}
