import CLinux
import Foundation
import TestSupport
import Testing

/// Landlock alone: no namespace, no filter, so what is refused was refused by it.
struct LandlockTests {
    static let isThere = clinux_landlock_abi() >= 2

    @Test(.enabled(if: LandlockTests.isThere, "this kernel has no Landlock"), arguments: Privilege.possible)
    func `Landlock alone keeps what no rule grants unreadable and unwritable`(privilege: Privilege) async throws {
        try await withTemporaryDirectory { directory in
            let attack = try TestPrograms.attack(in: directory, confining: true)
            let scratch = "\(directory)/scratch"
            try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: false)
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: scratch)
            let answers = try TestPrograms.run(
                [attack, "--confine", "landlock", "reading", "modes", "proc"],
                environment: ["ATTACK_SCRATCH": scratch],
                unprivileged: privilege == .unprivileged
            ).answers
            #expect(answers["RF01"] == "EACCES")
            #expect(answers["RF07.root"] == "EACCES")
            #expect(answers["RF11.block"] == "EACCES")
            #expect(answers["RF11.char"] == "EACCES")
            #expect(answers["WR08"] == "EACCES")
            #expect(answers["WR04.plain"] == "OK")
            #expect(answers["WR08.fifo"] == "OK")
            #expect(answers["PR01"] == "EACCES")
            #expect(answers["PR07.tmpfs"] == "EPERM")
        }
    }

    @Test(.enabled(if: LandlockTests.isThere, "this kernel has no Landlock"))
    func `FD02 a descriptor of the host's root opens nothing beneath it`() async throws {
        let code = """
            #define _GNU_SOURCE
            #include "clinux_harden.h"
            #include <errno.h>
            #include <fcntl.h>
            #include <stdio.h>
            #include <string.h>
            int main(void) {
                int root = open("/", O_PATH | O_DIRECTORY);
                struct clinux_path_rule rule = {"/usr", CLINUX_READ};
                if (clinux_no_new_privileges() < 0 || clinux_landlock(&rule, 1, 0) < 2) return 2;
                int leaked = openat(root, "etc/hostname", O_RDONLY);
                printf("leaked %s\\n", leaked < 0 ? strerrorname_np(errno) : "OK");
                printf("granted %s\\n", openat(root, "usr/bin/env", O_RDONLY) < 0 ? strerrorname_np(errno) : "OK");
                printf("execute %s\\n", openat(root, "usr/bin", O_RDONLY | O_DIRECTORY) < 0 ? "?" : "OK");
                return 0;
            }
            """
        try await withTemporaryDirectory { directory in
            let answers = try TestPrograms.run([try TestPrograms.layers(code, in: directory)]).answers
            #expect(answers == ["leaked": "EACCES", "granted": "OK", "execute": "OK"])
        }
    }

    @Test(.enabled(if: clinux_landlock_abi() >= 4, "TCP rules need Landlock ABI 4"))
    func `with a port, TCP reaches that port alone and binds to none`() async throws {
        let code = """
            #define _GNU_SOURCE
            #include "clinux_harden.h"
            #include <arpa/inet.h>
            #include <errno.h>
            #include <stdio.h>
            #include <string.h>
            #include <sys/socket.h>
            static const char *try(int port, int binds) {
                struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
                inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
                int fd = socket(AF_INET, SOCK_STREAM, 0);
                int result = binds ? bind(fd, (void *)&to, sizeof to) : connect(fd, (void *)&to, sizeof to);
                return result < 0 ? strerrorname_np(errno) : "OK";
            }
            int main(void) {
                if (clinux_no_new_privileges() < 0 || clinux_landlock(0, 0, 3128) < 4) return 2;
                printf("bind %s\\nother %s\\nown %s\\n", try(0, 1), try(22, 0), try(3128, 0));
                return 0;
            }
            """
        try await withTemporaryDirectory { directory in
            let program = try TestPrograms.layers(code, in: directory)
            let answers = try TestPrograms.run(["unshare", "--user", "--net", program]).answers
            // Nothing listens, and the loopback of a new network is down: the call got past Landlock.
            #expect(answers == ["bind": "EACCES", "other": "EACCES", "own": "ENETUNREACH"])
        }
    }
}
