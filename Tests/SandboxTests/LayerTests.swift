import Foundation
import TestSupport
import Testing

@testable import Sandbox

/// The attack suite against sandboxes that lack a layer: it must report what that layer holds, or it would report nothing.
///
/// Around each stands a world in which every attempt of the network meets somebody (Tests/Attack/world.h).
@Suite(
    .serialized,
    .enabled(if: geteuid() == 0 && FaultsTests.areBuilt, "needs root and binaries with the trait Faults")
)
struct LayerTests {
    @Test(arguments: SpawnMode.available)
    func `the suite reports nothing of a whole sandbox of the test build`(mode: SpawnMode) async throws {
        let verdict = try await judge(mode, without: [], bombs: true)
        #expect(verdict.found.isEmpty && verdict.otherwise.isEmpty, "\(verdict)")
        let attempts = AttackAnswers.asserted(mode, .tool).keys
        let cases = Set(attempts.map(AttackAnswers.number))
        print(
            "whole as \(mode.rawValue): \(attempts.count) attempts of \(cases.count) cases in each tier, none succeeds"
        )
    }

    @Test(arguments: AttackLists.rows, SpawnMode.available)
    func `without a layer the suite reports the cases that it alone holds`(
        row: AttackLists.Row,
        mode: SpawnMode
    ) async throws {
        _ = try AttackLists.shared.get()
        guard let expected = row.expected[mode] else { return }
        if let step = row.refusedAt {
            let error = await #expect(throws: SandboxError.self) {
                _ = try await judge(mode, without: row.layers)
            }
            #expect(error?.step.contains(step) == true, "\(String(describing: error))")
            print("without \(row) as \(mode.rawValue): refused at \(step)")
            return
        }
        let usesAll = !Set(row.layers).isDisjoint(with: ["rlimits", "cgroup"])
        let verdict = try await judge(mode, without: row.layers, bombs: usesAll)
        if row.layers == ["descriptors"] {
            // It is there in both tiers, and Landlock alone keeps it from being of use.
            #expect(verdict.otherwise.filter { $0 == "FD02 EACCES" }.count == 2, "\(verdict.otherwise)")
        }
        let missing = expected.subtracting(verdict.found)
        var line = "expected \(list(expected)); found \(list(verdict.found))"
        line += "; refused otherwise \(list(Set(verdict.otherwise)))"
        print("without \(row) as \(mode.rawValue): \(line)")
        #expect(missing.isEmpty, "not found: \(list(missing))")
        #expect(!expected.isEmpty || verdict.found.isEmpty, "said to open nothing: \(list(verdict.found))")
    }

    @Test func `what the suite tries succeeds somewhere, or the list says why not`() async throws {
        let lists = try AttackLists.shared.get()
        let outside = try await Self.outside.value
        print("outside as root \(outside.root.count) cases succeed, as uid 65534 \(outside.unprivileged.count)")
        var succeed = outside.root.union(outside.unprivileged)
        for row in lists.rows { for cases in row.expected.values { succeed.formUnion(cases) } }
        let tried = Set(AttackAnswers.asserted(.root, .tool).keys.map(AttackAnswers.number))
        #expect(tried.subtracting(succeed).subtracting(lists.neverSucceed).sorted() == [])
        #expect(lists.neverSucceed.isSubset(of: tried))
    }

    @Test func `sandbox exec --without leaves a layer out, and refuses one that does not exist`() async throws {
        try await withTemporaryDirectory { home in
            chmod(home, 0o700)
            let exec = ["\(FaultsTests.binaries)/nanoclaw", "--home", home, "sandbox", "exec"]
            let command = ["--", "grep", "Seccomp_filters", "/proc/self/status"]
            let count = { (words: [String]) in
                try TestPrograms.run(exec + words + command).output.split(separator: "\t").last.map(String.init)
            }
            #expect(try count([]) == "2\n")
            #expect(try count(["--without", "seccomp-calls"]) == "1\n")
            #expect(try count(["--without", "seccomp-calls", "--without", "seccomp-arguments"]) == "0\n")
            let refused = try TestPrograms.run(exec + ["--without", "nothing"] + command)
            #expect(refused.status == 64 && refused.output.contains("there is no such layer"), "\(refused.output)")
        }
    }

    // MARK: - Running

    /// What succeeds outside of any sandbox, once for the suite.
    private struct Outside: Sendable {
        let root: Set<String>
        let unprivileged: Set<String>
    }

    private static let outside = Task {
        let asserted = AttackAnswers.asserted(.root, .tool)
        let own = try await AttackRun.outside(.own)
        let plain = try await AttackRun.outside(.unprivileged)
        let found = [own, plain].map { AttackAnswers.Verdict($0, asserted).found }
        return Outside(root: found[0], unprivileged: found[1])
    }

    /// Of both tiers; those that use all there is get it one after the other.
    private func judge(
        _ mode: SpawnMode,
        without layers: [String],
        bombs: Bool = false
    ) async throws -> AttackAnswers.Verdict {
        var verdict: AttackAnswers.Verdict
        if bombs {
            verdict = try await judge(mode, .runner, without: layers, bombs: true)
            verdict.join(try await judge(mode, .tool, without: layers, bombs: true))
        } else {
            async let runner = judge(mode, .runner, without: layers, bombs: false)
            async let tool = judge(mode, .tool, without: layers, bombs: false)
            verdict = try await runner
            verdict.join(try await tool)
        }
        return verdict
    }

    private func judge(
        _ mode: SpawnMode,
        _ tier: SandboxRequest.Tier,
        without layers: [String],
        bombs: Bool
    ) async throws -> AttackAnswers.Verdict {
        let answers = try await withTemporaryDirectory { directory in
            let world = [try AttackRun.place(in: directory), "world"]
            return try await SpawnFixture.with(
                mode,
                binaries: FaultsTests.binaries,
                environment: ["NANOCLAW_WITHOUT=\(layers.joined(separator: ","))"],
                wrapper: world
            ) { try await AttackRun.inside($0, tier, bombs: bombs) }
        }
        return AttackAnswers.Verdict(answers, AttackAnswers.asserted(mode, tier, bombs: bombs))
    }

    private func list(_ names: Set<String>) -> String {
        names.isEmpty ? "none" : names.sorted().joined(separator: " ")
    }
}
