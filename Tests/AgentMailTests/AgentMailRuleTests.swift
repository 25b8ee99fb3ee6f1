import AgentMail
import Core
import Testing

@Suite struct AgentMailRuleTests {
    static let path = ReturnPath.Choice.session(SessionID(unchecked: "se_there"))
    static let limits = AgentMailLimits(hops: 3, perWindow: 5)

    @Test func `T33 what may not be is refused first, then what is too far, then what is too often`() {
        let table: [(AgentMailFacts, AgentMailRule.Verdict)] = [
            (AgentMailFacts(path: Self.path), .accept(Self.path, hops: 1)),
            (AgentMailFacts(path: .newEntry, causeHops: 2, recent: 4), .accept(.newEntry, hops: 3)),
            (AgentMailFacts(path: Self.path, causeHops: 3), .refuse(.tooManyHops)),
            (AgentMailFacts(path: Self.path, causeHops: .max - 1), .refuse(.tooManyHops)),
            (AgentMailFacts(path: Self.path, causeHops: -5), .accept(Self.path, hops: 1)),
            (AgentMailFacts(path: Self.path, recent: 5), .refuse(.tooOften)),
            (AgentMailFacts(path: Self.path, causeHops: 3, recent: 5), .refuse(.tooManyHops)),
            (AgentMailFacts(path: .refused(.closed), causeHops: 3), .refuse(.closed)),
            (AgentMailFacts(isDestination: false, path: .refused(.closed)), .refuse(.noDestination)),
            (AgentMailFacts(isOwnGroup: true, isDestination: false, path: Self.path), .accept(Self.path, hops: 1)),
            (AgentMailFacts(targetExists: false, isDestination: false, path: Self.path), .refuse(.noDestination)),
            (AgentMailFacts(targetExists: false, path: Self.path), .refuse(.noAgent)),
        ]
        for (facts, verdict) in table { #expect(AgentMailRule.decide(facts, Self.limits) == verdict, "\(facts)") }
    }

    @Test func `each refusal says something else, and only limits are told to people`() {
        let words = AgentMailRefusal.allCases.map { $0.words(Self.limits) }
        #expect(Set(words).count == words.count)
        #expect(AgentMailRefusal.allCases.filter { $0.limit != nil } == [.tooManyHops, .tooOften])
        #expect(AgentMailRefusal.tooManyHops.words(Self.limits).contains("3 times"))
        #expect(AgentMailRefusal.tooOften.words(Self.limits).contains("5 messages"))
    }

    /// Agents that pass everything on to all whom they know, as far as the rule lets them.
    private struct Graph {
        let edges: [[Int]]
        var sent: [(from: Int, to: Int, at: Int)] = []
        var accepted = 0

        /// Plays it out; each message takes `step` milliseconds, and the play ends when nothing is on its way.
        mutating func play(from start: Int, step: Int, limits: AgentMailLimits, cap: Int) -> Bool {
            var waiting = [(agent: start, hops: 0)]
            var now = 0
            while let (agent, hops) = waiting.popLast() {
                for next in edges[agent] {
                    now += step
                    let recent = sent.count { message in
                        let isPair =
                            (message.from, message.to) == (agent, next) || (message.from, message.to) == (next, agent)
                        return isPair && message.at > now - 60_000
                    }
                    let facts = AgentMailFacts(
                        path: agent == next ? .refused(.itself) : .newEntry,
                        causeHops: hops,
                        recent: recent
                    )
                    guard case .accept(_, let deeper) = AgentMailRule.decide(facts, limits) else { continue }
                    sent.append((agent, next, now))
                    accepted += 1
                    guard accepted < cap else { return false }
                    waiting.append((next, deeper))
                }
            }
            return true
        }
    }

    @Test func `T33 §16.228 traffic in a graph of any shape comes to its end`() {
        var generator = SystemRandomNumberGenerator()
        var graphs: [[[Int]]] = [
            [[0]], [[1], [0]], [[1], [2], [0]], [[0, 1, 2], [0, 1, 2], [0, 1, 2]], [[1, 2, 3], [0], [0], [0]],
        ]
        for _ in 0..<20 {
            let size = Int.random(in: 2...5, using: &generator)
            graphs.append((0..<size).map { _ in (0..<size).filter { _ in Bool.random(using: &generator) } })
        }
        for edges in graphs {
            // Slowly, the number of hops alone ends it; fast, the rate bounds it however many hops there are.
            var slow = Graph(edges: edges)
            let hops = AgentMailLimits(hops: 4, perWindow: 30)
            let isOver = slow.play(from: 0, step: 60_001, limits: hops, cap: 2_000)
            #expect(isOver, "\(edges)")
            var fast = Graph(edges: edges)
            let rate = AgentMailLimits(hops: .max, perWindow: 30)
            let isBounded = fast.play(from: 0, step: 0, limits: rate, cap: 2_000)
            #expect(isBounded, "\(edges)")
            let pairs = edges.count * (edges.count + 1) / 2
            #expect(fast.accepted <= 30 * pairs, "\(edges)")
        }
    }
}
