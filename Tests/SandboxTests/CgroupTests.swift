import Foundation
import TestSupport
import Testing

@Suite(.serialized)
struct CgroupTests {
    /// Makes a process in a cgroup that forks until it may not, then takes more memory than it may; its parent cleans up.
    private static let session = """
        #define _GNU_SOURCE
        #include "clinux_harden.h"
        #include "clinux_spawn.h"
        #include <errno.h>
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/wait.h>
        #include <unistd.h>
        static void inside(void) {
            int forks = 0;
            for (pid_t child; forks < 64 && (child = fork()) >= 0; forks++) {
                if (child == 0) { pause(); _exit(0); }
            }
            printf("forks %d %s\\n", forks, strerrorname_np(errno));
            fflush(stdout);
            volatile char *bytes = malloc(256 << 20);
            for (size_t at = 0; at < 256 << 20; at += 4096) bytes[at] = 1;
            _exit(0);
        }
        int main(int count, char **words) {
            char what[256], ruled_out[1024], name[64], prefix[64];
            snprintf(prefix, sizeof prefix, "nanoclaw-test%d-", getpid());
            snprintf(name, sizeof name, "%ssession", prefix);
            struct clinux_limits limits = {.memory_bytes = 48 << 20, .pids = 20, .cpu_percent = 50};
            int made = clinux_cgroup_create(name, &limits, what, sizeof what, ruled_out, sizeof ruled_out);
            printf("made %d\\nwhat %s\\n", made, what);
            for (char *line = strtok(ruled_out, "\\n"); line; line = strtok(0, "\\n")) printf("ruled-out %s\\n", line);
            fflush(stdout);
            if (count > 1) {
                clinux_cgroup_create(strcat(name, "2"), &limits, what, sizeof what, ruled_out, sizeof ruled_out);
                printf("swept %s\\n", clinux_cgroup_sweep(prefix) > 0 ? "some" : "none");
                printf("again %d\\n", clinux_cgroup_sweep(prefix));
                return 0;
            }
            if (made == 0) {
                int pidfd = -1;
                pid_t child = clinux_cgroup_clone(name, 0, &pidfd);
                if (child == 0) inside();
                int status = 0;
                waitpid(child, &status, 0);
                printf("ended %d\\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
            }
            printf("removed %d\\n", clinux_cgroup_remove(name));
            printf("gone %d\\n", clinux_cgroup_remove(name));
            return 0;
        }
        """

    /// Two processes in cgroups that would each have room, beneath one that has not room for both.
    private static let bounded = """
        #define _GNU_SOURCE
        #include "clinux_harden.h"
        #include "clinux_spawn.h"
        #include <poll.h>
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/wait.h>
        #include <unistd.h>
        static char what[256], ruled_out[1024];
        static pid_t start(const char *name, size_t bytes, int ready) {
            struct clinux_limits limits = {.memory_bytes = 48 << 20, .pids = 20, .cpu_percent = 50};
            int made = clinux_cgroup_create(name, &limits, what, sizeof what, ruled_out, sizeof ruled_out), pidfd = -1;
            if (made != 0) printf("made %d\\n", made);
            pid_t child = clinux_cgroup_clone(name, 0, &pidfd);
            if (child == 0) {
                volatile char *memory = malloc(bytes);
                for (size_t at = 0; at < bytes; at += 4096) memory[at] = 1;
                if (write(ready, "x", 1) != 1) _exit(1);
                pause();
            }
            return child;
        }
        int main(void) {
            char bound[64], first[64], second[64];
            int ends[2], status = 0;
            snprintf(bound, sizeof bound, "nanoclaw-test%d", getpid());
            snprintf(first, sizeof first, "%s-1", bound);
            snprintf(second, sizeof second, "%s-2", bound);
            setvbuf(stdout, NULL, _IONBF, 0);
            if (pipe(ends) != 0) return 1;
            printf("share %d\\n", clinux_cgroup_share() > 0 && clinux_cgroup_share() < UINT64_C(1) << 60);
            printf("bound %d\\n", clinux_cgroup_bound(bound, 56 << 20));
            pid_t small = start(first, 16 << 20, ends[1]);
            char byte;
            if (read(ends[0], &byte, 1) != 1) return 1;
            pid_t large = start(second, 44 << 20, ends[1]);
            struct pollfd look = {.fd = ends[0], .events = POLLIN};
            int both = poll(&look, 1, 3000);
            printf("both %d\\n", both);
            // Not bounded: it would wait for ever.
            if (both) kill(large, SIGKILL);
            printf("small %d\\n", waitpid(small, &status, WNOHANG) == 0);
            waitpid(large, &status, 0);
            printf("large %d\\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
            kill(small, SIGKILL);
            waitpid(small, &status, 0);
            printf("removed %d %d\\n", clinux_cgroup_remove(first), clinux_cgroup_remove(second));
            clinux_cgroup_unbound();
            return 0;
        }
        """

    @Test(.enabled(if: geteuid() == 0, "cgroups without delegation need root"))
    func `T60 all sandboxes together are bounded, whatever each of them may take`() async throws {
        let outcome = try await withTemporaryDirectory { directory in
            try TestPrograms.run([try TestPrograms.layers(Self.bounded, in: directory)])
        }
        let answers = outcome.answers
        #expect(answers["made"] == nil && answers["bound"] == "0" && answers["share"] == "1", "\(outcome.output)")
        #expect(answers["both"] == "0", "both have what they asked for: \(outcome.output)")
        #expect(answers["large"] == "9" && answers["small"] == "1", "\(outcome.output)")
        #expect(answers["removed"] == "0 0")
        #expect(leftovers().isEmpty)
    }

    private func run(_ words: [String] = [], unprivileged: Bool = false) async throws -> TestPrograms.Outcome {
        try await withTemporaryDirectory { directory in
            let program = try TestPrograms.layers(Self.session, in: directory)
            return try TestPrograms.run([program] + words, unprivileged: unprivileged)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "cgroups without delegation need root"))
    func `PS05 PS10 a session's cgroup holds processes and memory, and is gone afterwards`() async throws {
        let outcome = try await run()
        let answers = outcome.answers
        #expect(answers["made"] == "0", "\(outcome.output)")
        #expect(answers["what"]?.contains("memory") == true && answers["what"]?.contains("pids") == true)
        #expect(answers["forks"] == "19 EAGAIN")
        #expect(answers["ended"] == "9", "killed for its memory")
        #expect(answers["removed"] == "0")
        #expect(answers["gone"] == "0")
        #expect(leftovers().isEmpty)
    }

    @Test(.enabled(if: geteuid() == 0, "cgroups without delegation need root"))
    func `SV05 empty cgroups of a dead host are swept by their prefix`() async throws {
        let answers = try await run(["sweep"]).answers
        #expect(answers["swept"] == "some")
        #expect(answers["again"] == "0")
        #expect(leftovers().isEmpty)
    }

    @Test func `without a cgroup each way that did not work is named with its errno`() async throws {
        guard geteuid() == 0 else { return }
        let outcome = try await run(unprivileged: true)
        // A machine that delegates cgroups to everybody would have made one.
        try #require(outcome.answers["made"] == "1")
        let lines = outcome.output.split(separator: "\n").filter { $0.hasPrefix("ruled-out ") }
        #expect(lines.contains { $0.hasPrefix("ruled-out cgroup v2: ") })
        #expect(lines.contains { $0.hasPrefix("ruled-out cgroup v1: memory: ") })
        #expect(lines.allSatisfy { $0.wholeMatch(of: /ruled-out .*: E[A-Z]+ \([0-9]+\)/) != nil }, "\(lines)")
    }

    private func leftovers() -> [String] {
        guard let walk = FileManager.default.enumerator(atPath: "/sys/fs/cgroup") else { return [] }
        return walk.compactMap { $0 as? String }.filter { $0.contains("/nanoclaw-test") }
    }

    // MARK: - v2

    private static let v2 = """
        #define _GNU_SOURCE
        #include "clinux_cgroup.c"
        int main(int count, char **words) {
            char place[CGROUP_PATH];
            int found = find_v2(words[1], words[2], place);
            printf("found %s\\nplace %s\\n", found < 0 ? strerrorname_np(-found) : "OK", found < 0 ? "-" : place + strlen(words[1]));
            return count > 3;
        }
        """

    @Test(arguments: [
        ("memory pids cpu", "memory pids", "OK"), ("hugetlb", "", "ENOENT"), ("memory pids", "", "OK"),
    ])
    func `v2 is used where memory and pids are there`(
        available: String,
        enabled: String,
        expected: String
    ) async throws {
        try await withTemporaryDirectory { directory in
            // Plain files stand for the kernel's: what is written to them must be what the kernel takes.
            let place = "\(directory)/group"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
            try (available + "\n").write(toFile: "\(place)/cgroup.controllers", atomically: false, encoding: .utf8)
            try (enabled + "\n").write(toFile: "\(place)/cgroup.subtree_control", atomically: false, encoding: .utf8)
            let answers = try TestPrograms.run([
                try TestPrograms.layers(Self.v2, in: directory, without: "clinux_cgroup.c"), place, "+memory +pids",
            ]).answers
            #expect(answers["found"] == expected)
            let written = try String(contentsOfFile: "\(place)/cgroup.subtree_control", encoding: .utf8)
            if expected == "OK", enabled.isEmpty { #expect(written.hasPrefix("+memory +pids")) }
        }
    }

    // MARK: - Finding the hierarchies

    private static let finding = """
        #include "clinux_cgroup.h"
        #include <stdio.h>
        #include <string.h>
        int main(int count, char **words) {
            struct cgroup_places places;
            if (count < 3) return 2;
            cgroup_find(words[1], words[2], &places);
            printf("v2 =%s\\nmemory =%s\\npids =%s\\ncpu =%s\\n", places.v2, places.memory, places.pids, places.cpu);
            return 0;
        }
        """

    @Test func `the places are those of this process's own cgroups beneath what is mounted`() async throws {
        try await withTemporaryDirectory { directory in
            let program = try TestPrograms.layers(Self.finding, in: directory)
            let find = { (mounts: String, membership: String) in
                try TestPrograms.run([program, mounts, membership]).answers
            }
            let unified = try find(
                "30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
                "0::/user.slice/user-1000.slice/session.scope\n"
            )
            #expect(unified["v2"] == "=/sys/fs/cgroup/user.slice/user-1000.slice/session.scope")
            #expect(unified["memory"] == "=")
            let hybrid = try find(
                """
                31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
                32 30 0:28 /docker/abc /sys/fs/cgroup/mem\\040ory rw - cgroup cgroup rw,memory

                """,
                "9:memory:/docker/abc/x\n8:cpu,cpuacct:/a\n0::/\n"
            )
            #expect(hybrid["memory"] == "=/sys/fs/cgroup/mem ory/x")
            #expect(hybrid["cpu"] == "=/sys/fs/cgroup/cpu,cpuacct/a")
            #expect(hybrid["pids"] == "=")
            #expect(hybrid["v2"] == "=")
        }
    }
}
