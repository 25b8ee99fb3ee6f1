import Foundation
import TestSupport
import Testing

/// The units under a systemd that is process 1 of namespaces of its own: what they say is what happens.
@Suite(.timeLimit(.minutes(5)))
struct SystemdTests {
    private typealias Answer = [String: Any]

    private static let units = ["nanoclaw.service", "nanoclaw-broker.service", "own.service"]

    @Test
    func `T63 under systemd the service installs, talks and comes back, and what fails is started five times or once`()
        async throws
    {
        let needed = ["/lib/systemd/systemd", "/usr/bin/unshare", "/usr/bin/nsenter"]
        guard getuid() == 0, getpwnam("nanoclaw") != nil, needed.allSatisfy({ access($0, X_OK) == 0 }) else {
            print("skipped: root, the user nanoclaw and systemd are needed")
            return
        }
        try await withTemporaryDirectory { path in
            let script = Release.checkout.appending(path: "Tests/Judges/systemd.py").path
            let done = try await run("/usr/bin/env", ["python3", script, Release.nanoclaw.path, path])
            if done.status == 3 {
                print("skipped: \(done.output)")
                return
            }
            #expect(done.status == 0, "\(done)")
            let answer = try JSONSerialization.jsonObject(with: Data(done.output.utf8)) as? Answer ?? [:]
            try served(answer)
            // Killed by a signal: five starts, then none until somebody looks.
            try ended(answer, "crash", starts: 5)
            // 78 and 64 say that the next start fails alike.
            try ended(answer, "wrong", starts: 1)
            try ended(answer, "usage", starts: 1)
            try mended(answer)
        }
    }

    private func served(_ answer: Answer) throws {
        func step(_ name: String) throws -> Answer { try #require(answer[name] as? Answer, "\(name): \(answer)") }
        for name in ["install", "start", "status", "chat", "chatAgain", "stop", "ownStart", "ownChat", "ownStop"] {
            #expect(try step(name)["status"] as? Int == 0, "\(name): \(answer)")
        }
        // Each session has an id of its own behind the service's: the broker made the sandbox, as closed as it is.
        #expect(try step("chat")["output"] as? String == "1000\n", "\(answer)")
        #expect(try step("chatAgain")["output"] as? String == "from-the-sandbox\n", "\(answer)")
        #expect(try step("ownChat")["output"] as? String == "1000\n", "\(answer)")
        #expect(try step("first")["ActiveState"] as? String == "active", "\(answer)")
        #expect(answer["isBack"] as? Bool == true, "\(answer)")
        #expect(try step("second")["NRestarts"] as? String == "1", "\(answer)")
        let stopped = try step("stopped")
        #expect(stopped["ActiveState"] as? String == "inactive" && stopped["Result"] as? String == "success")
    }

    /// What somebody has put right starts by `service install`, though systemd itself refuses.
    private func mended(_ answer: Answer) throws {
        #expect((answer["broken"] as? [Int])?.contains(0) == false, "\(answer)")
        for (step, isGood) in [("refused", false), ("mend", true)] {
            let done = try #require(answer[step] as? Answer, "\(answer)")
            #expect((done["status"] as? Int == 0) == isGood, "\(step): \(answer)")
        }
        #expect((answer["mended"] as? Answer)?["ActiveState"] as? String == "active", "\(answer)")
    }

    private func ended(_ answer: Answer, _ kind: String, starts: Int) throws {
        let all = try #require(answer[kind] as? Answer, "\(answer)")
        for unit in Self.units {
            let one = try #require(all[unit] as? Answer, "\(all)")
            #expect(one["ActiveState"] as? String == "failed" && one["starts"] as? Int == starts, "\(unit): \(all)")
        }
    }
}
