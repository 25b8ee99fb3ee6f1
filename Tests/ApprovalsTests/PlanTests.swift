import Core
import Testing

@testable import Approvals

@Suite struct PlanTests {
    @Test(
        "Each value has one spelling",
        arguments: [
            (["b": 1, "a": [true, .null]], #"{"a":[true,null],"b":1}"#),
            (["é": "x", "z": "\u{8}\t\n\u{C}\r\u{1}\u{7F}"], "{\"z\":\"\\b\\t\\n\\f\\r\\u0001\u{7F}\",\"é\":\"x\"}"),
            ("a/\"b\\", #""a/\"b\\""#),
            (.integer(Int64.min), "-9223372036854775808"),
            ([:], "{}"),
        ] as [(JSONValue, String)]
    )
    func spelling(_ value: JSONValue, _ text: String) throws {
        #expect(Array(try CanonicalJSON.text(value).utf8) == Array(text.utf8))
    }

    @Test func `The hash of a known plan is the one that other programs compute`() throws {
        let plan = try Plan(action: "paint", agentGroup: AgentGroupID(unchecked: "ag_1"), payload: ["colour": "red"])
        #expect(plan.text == #"{"action":"paint","group":"ag_1","payload":{"colour":"red"},"version":1}"#)
        // printf '%s' '…' | sha256sum
        #expect(plan.hash.description == "7376152cf2869366cd0891ac91984c20335ed6a0d9a670502cfd13ef1830edd1")
        #expect(PlanHash(hex: plan.hash.description) == plan.hash)
        #expect(PlanHash(hex: String(plan.hash.description.dropLast())) == nil)
        #expect(PlanHash(hex: plan.hash.description.uppercased()) == nil)
    }

    @Test func `Fractions, too deep a nesting and too long a plan are refused`() throws {
        #expect(throws: ApprovalError.self) { try Plan(action: "a", agentGroup: nil, payload: [.number(0.5)]) }
        var deep = JSONValue.null
        for _ in 0..<CanonicalJSON.greatestDepth { deep = [deep] }
        #expect(throws: ApprovalError.self) { try Plan(action: "a", agentGroup: nil, payload: deep) }
        let long = String(repeating: "x", count: Plan.longest)
        let error = #expect(throws: ApprovalError.self) {
            try Plan(action: "a", agentGroup: nil, payload: .string(long))
        }
        #expect(error?.code == .invalidPlan)
    }

    @Test func `T45 any change of a plan's payload changes its hash`() throws {
        var generator = PlanGenerator(seed: 45)
        for _ in 0..<2_000 {
            let payload = generator.request()
            let plan = try Plan(action: "install", agentGroup: nil, payload: payload)
            let again = try Plan(stored: plan.text, hash: plan.hash)
            #expect(again.hash == plan.hash)
            let other = try Plan(action: "install", agentGroup: nil, payload: generator.changed(payload))
            #expect(other.hash != plan.hash, "\(plan.text) and \(other.text)")
            #expect(throws: ApprovalError.self) { try Plan(stored: other.text, hash: plan.hash) }
        }
        let plan = try Plan(action: "install", agentGroup: nil, payload: "x")
        #expect(try Plan(action: "instal1", agentGroup: nil, payload: "x").hash != plan.hash)
        let group = AgentGroupID(unchecked: "ag_1")
        #expect(try Plan(action: "install", agentGroup: group, payload: "x").hash != plan.hash)
    }

    @Test func `T45 the card's text holds the whole payload: read back, it hashes to what was shown`() throws {
        var generator = PlanGenerator(seed: 4500)
        for _ in 0..<2_000 {
            let plan = try Plan(action: "install", agentGroup: nil, payload: generator.request())
            let body = PlanText.body(plan, summary: PlanText.code(generator.text()), asker: "the host.")
            let shown = try #require(block(of: body), "\(body)")
            let again = try Plan(action: "install", agentGroup: nil, payload: try JSONValue(parsing: shown))
            #expect(again.hash == plan.hash, "\(body)")
            #expect(body.contains("sha256:\(plan.hash)"))
            for scalar in body.unicodeScalars {
                #expect(isPlain(scalar), "\(scalar.escaped(asASCII: true)) in \(body)")
            }
        }
    }

    @Test func `A text that an agent wrote stays one piece of code in one line`() {
        #expect(PlanText.code("ls -l") == "`ls -l`")
        #expect(PlanText.code("a`b``c") == "```a`b``c```")
        #expect(PlanText.code("`x`") == "`` `x` ``")
        #expect(PlanText.code("") == "`  `")
        #expect(PlanText.code("a\nb\u{202E}c") == "`a\\u{a}b\\u{202e}c`")
    }

    @Test func `Nothing pushes the end of a command out of sight, turns it round or strikes it through`() throws {
        let gap = String(repeating: " ", count: 600)
        for (command, shown) in [
            ("ls\(gap); rm -r x", #"ls  \u0020"#), ("cat \u{5D0}/../b", #"cat \u05d0/../b"#),
            ("rm\u{338} x", #"rm\u0338 x"#),
        ] {
            let plan = try Plan(action: "run", agentGroup: nil, payload: .string(command))
            let body = PlanText.body(plan, summary: "", asker: "the host.")
            #expect(body.contains(shown), "\(body)")
            #expect(!body.contains("   "))
        }
        let long = try Plan(action: "run", agentGroup: nil, payload: .string(String(repeating: "x", count: 500)))
        #expect(PlanText.body(long, summary: "", asker: "").contains("Its longest line has 502 characters"))
        #expect(PlanText.title("Paint\n\n1. **Deny** [x](y)\u{202E}") == "Paint\\u{a}\\u{a}1. ''Deny'' 'x'(y)\\u{202e}")
        #expect(PlanText.title(String(repeating: "x", count: 500)).count == 120)
    }

    /// What stands in the last code block that is fenced with as many backticks as it begins with.
    private func block(of body: String) -> String? {
        let lines = body.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let start = lines.firstIndex(where: { $0.hasPrefix("```") && $0.hasSuffix("json") }) else { return nil }
        let fence = String(lines[start].dropLast(4))
        guard let end = lines[(start + 1)...].firstIndex(of: fence) else { return nil }
        return lines[(start + 1)..<end].joined(separator: "\n")
    }

    private func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control: scalar == "\n"
        case .format, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: scalar == " "
        default: !scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
