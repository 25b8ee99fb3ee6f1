import Foundation
import TestSupport
import Testing

struct LimitsTests {
    private static let rlimits = """
        #define _GNU_SOURCE
        #include "clinux_harden.h"
        #include <errno.h>
        #include <sched.h>
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/resource.h>
        #include <sys/wait.h>
        #include <unistd.h>
        static void show(const char *name, int resource) {
            struct rlimit limit;
            getrlimit(resource, &limit);
            printf("%s %llu %llu\\n", name, (unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max);
        }
        int main(void) {
            if (unshare(CLONE_NEWUSER) < 0) return 2;
            struct clinux_limits limits = {.file_bytes = 1 << 20, .open_files = 64, .pids = 10};
            if (clinux_rlimits(&limits, 0) < 0) return 3;
            show("core", RLIMIT_CORE);
            show("memlock", RLIMIT_MEMLOCK);
            show("msgqueue", RLIMIT_MSGQUEUE);
            show("rtprio", RLIMIT_RTPRIO);
            show("nice", RLIMIT_NICE);
            show("files", RLIMIT_NOFILE);
            show("size", RLIMIT_FSIZE);
            show("processes", RLIMIT_NPROC);
            struct rlimit more = {65, 65};
            printf("raise %s\\n", setrlimit(RLIMIT_NOFILE, &more) < 0 ? strerrorname_np(errno) : "OK");
            int forks = 0;
            pid_t children[32];
            while (forks < 32 && (children[forks] = fork()) != 0) {
                if (children[forks] < 0) break;
                forks++;
            }
            if (forks < 32 && children[forks] == 0) { pause(); _exit(0); }
            printf("forks %d %s\\n", forks, forks < 32 ? strerrorname_np(errno) : "OK");
            while (forks > 0) kill(children[--forks], SIGKILL);
            return 0;
        }
        """

    @Test func `PS18 PS23 resource limits are set and are not raised again`() async throws {
        try await withTemporaryDirectory { directory in
            let program = try TestPrograms.layers(Self.rlimits, in: directory)
            let answers = try TestPrograms.run([program], unprivileged: geteuid() == 0).answers
            #expect(answers["core"] == "1 1", "0 would start a core_pattern handler on the host")
            #expect(answers["memlock"] == "1048576 1048576")
            #expect(answers["msgqueue"] == "0 0")
            #expect(answers["rtprio"] == "0 0")
            #expect(answers["nice"] == "0 0")
            #expect(answers["files"] == "64 64")
            #expect(answers["size"] == "1048576 1048576")
            #expect(answers["raise"] == "EPERM")
            // The user namespace counts its own processes alone, the program itself among them.
            #expect(answers["processes"] == "10 10")
            #expect(answers["forks"] == "9 EAGAIN")
        }
    }

    private static let namespaces = """
        #define _GNU_SOURCE
        #include "clinux_harden.h"
        #include <errno.h>
        #include <fcntl.h>
        #include <sched.h>
        #include <stdio.h>
        #include <string.h>
        #include <sys/inotify.h>
        #include <unistd.h>
        static void map(const char *file, const char *text) {
            int fd = open(file, O_WRONLY);
            if (fd < 0 || write(fd, text, strlen(text)) < 0) perror(file);
            close(fd);
        }
        static void try(const char *name, int flags) {
            printf("%s %s\\n", name, unshare(flags) < 0 ? strerrorname_np(errno) : "OK");
        }
        int main(void) {
            char uid[32], gid[32];
            snprintf(uid, sizeof uid, "0 %d 1", geteuid());
            snprintf(gid, sizeof gid, "0 %d 1", getegid());
            if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) return 2;
            map("/proc/self/setgroups", "deny");
            map("/proc/self/uid_map", uid);
            map("/proc/self/gid_map", gid);
            printf("limits %d\\n", clinux_user_limits("/proc/sys/user", 1));
            try("net", CLONE_NEWNET);
            try("mount", CLONE_NEWNS);
            try("second", CLONE_NEWUSER);
            try("third", CLONE_NEWUSER);
            int instances = 0;
            while (instances < 64 && inotify_init() >= 0) instances++;
            printf("inotify %d\\n", instances);
            return 0;
        }
        """

    @Test(arguments: Privilege.possible)
    func `the namespace limits leave room for the second user namespace and no other`(privilege: Privilege) async throws
    {
        try await withTemporaryDirectory { directory in
            let program = try TestPrograms.layers(Self.namespaces, in: directory)
            let answers = try TestPrograms.run([program], unprivileged: privilege == .unprivileged).answers
            #expect(answers["limits"] == "0")
            #expect(answers["net"] == "ENOSPC")
            #expect(answers["mount"] == "ENOSPC")
            #expect(answers["second"] == "OK")
            #expect(answers["third"] == "ENOSPC")
            #expect(answers["inotify"] == "32")
        }
    }
}
