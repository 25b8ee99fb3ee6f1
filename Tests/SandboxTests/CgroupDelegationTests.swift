import Foundation
import TestSupport
import Testing

/// Whether a cgroup of version 2 is taken for one that was given to us.
///
/// Plain files stand for the kernel's; the kernel's own answers are the matter of `MachineTests`.
struct CgroupDelegationTests {
    private static let program = """
        #define _GNU_SOURCE
        #include "clinux_cgroup.c"
        static const char *name(int result) { return result < 0 ? strerrorname_np(-result) : "OK"; }
        int main(int count, char **words) {
            char place[CGROUP_PATH];
            if (count > 3) setenv("NANOCLAW_CGROUP", words[3], 1);
            printf("vacated %s\\nfound %s\\n", name(vacate(words[1])), name(find_v2(words[2], "+memory +pids", place)));
            printf("place %s\\nleaf %s\\n", place[0] ? strrchr(place, '/') : "-", name(vacate(words[2])));
            return 0;
        }
        """

    /// The answers for a group, and for the leaf in which an earlier spawner has put the host.
    private func ask(_ word: String?) async throws -> (answers: [String: String], moved: String) {
        try await withTemporaryDirectory { directory in
            let (group, leaf) = ("\(directory)/group", "\(directory)/group/nanoclaw-host")
            try FileManager.default.createDirectory(atPath: leaf, withIntermediateDirectories: true)
            for (name, text) in [
                "group/cgroup.controllers": "memory pids cpu\n", "group/cgroup.subtree_control": "memory pids\n",
                "group/cgroup.procs": "4711\n", "group/nanoclaw-host/cgroup.procs": "",
            ] {
                try text.write(toFile: "\(directory)/\(name)", atomically: false, encoding: .utf8)
            }
            let program = try TestPrograms.layers(Self.program, in: directory, without: "clinux_cgroup.c")
            let answers = try TestPrograms.run([program, group, leaf] + (word.map { [$0] } ?? [])).answers
            return (answers, try String(contentsOfFile: "\(leaf)/cgroup.procs", encoding: .utf8))
        }
    }

    @Test func `T60 a cgroup of which our unit says that it is delegated is vacated and found again from its leaf`()
        async throws
    {
        let (answers, moved) = try await ask("delegated")
        #expect(answers["vacated"] == "OK" && moved.hasPrefix("4711"), "\(answers), moved \(moved)")
        #expect(answers["found"] == "OK" && answers["place"] == "/group", "\(answers)")
        // It would be moved deeper with each spawner.
        #expect(answers["leaf"] == "EBUSY", "\(answers)")
    }

    @Test(arguments: [nil, "", "yes"])
    func `T60 a cgroup that nobody gave away is left alone`(word: String?) async throws {
        let (answers, moved) = try await ask(word)
        #expect(answers["vacated"] == "EBUSY" && moved.isEmpty, "\(answers), moved \(moved)")
        #expect(answers["found"] == "ENOENT" && answers["place"] == "-", "\(answers)")
    }
}
