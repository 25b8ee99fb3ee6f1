import TestSupport
import Testing

struct CapabilitiesTests {
    /// Enters a user namespace, where it holds every capability, drops them, and prints what is left.
    private static let code = """
        #define _GNU_SOURCE
        #include "clinux_harden.h"
        #include "shim.h"
        #include <sched.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        static void show(const char *when) {
            struct clinux_facts facts;
            if (clinux_read_facts(&facts) < 0) exit(3);
            unsigned long long all = 0;
            for (int set = 0; set < 5; set++) all |= facts.caps[set];
            printf("%s.caps %llx\\n%s.bits %x\\n%s.nnp %u\\n", when, all, when, facts.securebits, when, facts.no_new_privs);
        }
        int main(int count, char **words) {
            if (unshare(CLONE_NEWUSER) < 0) return 2;
            show("before");
            int result = count > 1 ? ccap_keep_only(CAP_KILL) : ccap_drop_all();
            printf("result %d\\n", result);
            if (clinux_no_new_privileges() < 0) return 4;
            show("after");
            cap_value_t admin = CAP_SYS_ADMIN;
            cap_t state = cap_get_proc();
            cap_set_flag(state, CAP_PERMITTED, 1, &admin, CAP_SET);
            printf("regain %s\\n", cap_set_proc(state) < 0 ? strerrorname_np(errno) : "OK");
            return 0;
        }
        """

    @Test(arguments: Privilege.possible)
    func `all five sets are empty, locked, and nothing is regained`(privilege: Privilege) async throws {
        try await withTemporaryDirectory { directory in
            let program = try TestPrograms.layers(Self.code, in: directory)
            let answers = try TestPrograms.run([program], unprivileged: privilege == .unprivileged).answers
            #expect(answers["before.caps"] != "0")
            #expect(answers["result"] == "0")
            #expect(answers["after.caps"] == "0")
            #expect(answers["after.bits"] == "ef")
            #expect(answers["after.nnp"] == "1")
            #expect(answers["regain"] == "EPERM")
        }
    }

    @Test func `the launcher keeps one capability and no way to another`() async throws {
        try await withTemporaryDirectory { directory in
            let program = try TestPrograms.layers(Self.code, in: directory)
            let answers = try TestPrograms.run([program, "keep"]).answers
            #expect(answers["result"] == "0")
            #expect(answers["after.caps"] == "20", "CAP_KILL alone")
            #expect(answers["regain"] == "EPERM")
        }
    }
}
