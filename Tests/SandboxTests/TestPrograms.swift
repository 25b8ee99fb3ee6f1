import Foundation
import TestSupport
import Testing

/// Small C programs that the tests compile and run: only they can make calls that no library makes.
enum TestPrograms {
    /// What became of a program.
    struct Outcome {
        let status: Int32
        let isSignal: Bool
        let output: String

        /// The answers of the attack program by case.
        var answers: [String: String] {
            Dictionary(
                output.split(separator: "\n").compactMap { line in
                    let words = line.split(separator: " ", maxSplits: 1)
                    return words.count == 2 ? (String(words[0]), String(words[1])) : nil
                },
                uniquingKeysWith: { _, last in last }
            )
        }
    }

    /// The checkout that the tests were built from.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Compiles the attack program into `directory`, statically, and returns its path.
    ///
    /// `confining` adds CLinux, so that it can put single layers on itself.
    static func attack(in directory: String, confining: Bool = false) throws -> String {
        let sources = confining ? try clinuxSources { $0.hasPrefix("clinux_harden_") } : []
        return try compile(
            ["\(root)/Tests/Attack/attack.c"] + sources,
            flags: confining ? ["-DCONFINE"] : [],
            into: "\(directory)/attack"
        )
    }

    /// Compiles `code` with the sources of CLinux that make and read the layers, and libcap.
    ///
    /// The source `excluded` is left out.
    static func layers(_ code: String, in directory: String, without excluded: String = "") throws -> String {
        let source = "\(directory)/program.c"
        try code.write(toFile: source, atomically: true, encoding: .utf8)
        let sources = try clinuxSources { name in
            ["clinux_harden_", "clinux_cgroup", "clinux_spawn"].contains { name.hasPrefix($0) } && name != excluded
        }
        return try compile([source] + sources, flags: [], into: "\(directory)/program", libraries: ["-lcap"])
    }

    /// Compiles a program into `directory` that runs another as on a kernel which lacks a call, and returns its path:
    /// `lacking CALL ERRNO MASK PROGRAM ARGUMENT…`, with MASK other than 0 only where a bit of it is in the first argument;
    /// `lacking namespaces COUNT 0 …` in a user namespace with the same ids, where so many further ones may be made.
    static func lacking(in directory: String) throws -> String {
        let source = "\(directory)/lacking.c"
        let code = #"""
            #define _GNU_SOURCE
            #include <fcntl.h>
            #include <linux/filter.h>
            #include <linux/seccomp.h>
            #include <sched.h>
            #include <stddef.h>
            #include <stdio.h>
            #include <stdlib.h>
            #include <string.h>
            #include <sys/prctl.h>
            #include <sys/syscall.h>
            #include <sys/wait.h>
            #include <unistd.h>
            static int put(const char *path, const char *text) {
                int fd = open(path, O_WRONLY);
                return fd < 0 || write(fd, text, strlen(text)) < 0 ? -1 : close(fd);
            }
            static int limit(const char *count) {
                int ready[2], status = 1;
                char path[64], byte;
                if (pipe(ready) < 0) return -1;
                if (fork() == 0) {
                    if (read(ready[0], &byte, 1) != 1) _exit(1);
                    snprintf(path, sizeof path, "/proc/%d/uid_map", getppid());
                    if (put(path, "0 0 4294967295") < 0) _exit(1);
                    snprintf(path, sizeof path, "/proc/%d/gid_map", getppid());
                    _exit(put(path, "0 0 4294967295") < 0);
                }
                if (unshare(CLONE_NEWUSER) < 0 || write(ready[1], "x", 1) != 1 || wait(&status) < 0 || status) return -1;
                return put("/proc/sys/user/max_user_namespaces", count);
            }
            int main(int count, char **words) {
                static const struct { const char *name; unsigned number; } calls[] = {
                    {"landlock", 444}, {"seccomp", SYS_seccomp}, {"clone3", 435}, {"unshare", SYS_unshare}};
                unsigned number = ~0U, mask = (unsigned)strtoul(words[3], 0, 0);
                for (int index = 0; index < 4; index++)
                    if (strcmp(words[1], calls[index].name) == 0) number = calls[index].number;
                struct sock_filter code[] = {
                    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, mask ? 3 : 1),
                    mask ? (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args))
                         : (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | atoi(words[2])),
                    mask ? (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, mask, 0, 1)
                         : (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | atoi(words[2])),
                    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
                struct sock_fprog program = {sizeof code / sizeof *code, code};
                if (strcmp(words[1], "namespaces") == 0) {
                    if (limit(words[2]) < 0) return 125;
                    execvp(words[4], words + 4);
                    return 127;
                }
                if (getuid() != 0) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) return 125;
                execvp(words[4], words + 4);
                return 127;
            }
            """#
        try code.write(toFile: source, atomically: true, encoding: .utf8)
        return try compile([source], flags: [], into: "\(directory)/lacking")
    }

    /// Runs `words` to its end; as uid 65534 with `unprivileged`, which needs root.
    static func run(
        _ words: [String],
        environment: [String: String] = [:],
        unprivileged: Bool = false
    ) throws -> Outcome {
        let prefix = unprivileged ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] : []
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = prefix + words
        process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"]
            .merging(environment) { _, new in new }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus,
            isSignal: process.terminationReason == .uncaughtSignal,
            output: String(decoding: output, as: UTF8.self)
        )
    }

    private static func clinuxSources(_ wanted: (String) -> Bool) throws -> [String] {
        let folder = "\(root)/Sources/CLinux"
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            .filter { wanted($0) && $0.hasSuffix(".c") }.map { "\(folder)/\($0)" }
    }

    private static func compile(
        _ sources: [String],
        flags: [String],
        into program: String,
        libraries: [String] = []
    ) throws -> String {
        let includes = ["-I\(root)/Sources/CLinux/include", "-I\(root)/Sources/CLinux", "-I\(root)/Sources/CCap"]
        let outcome = try run(
            ["gcc", "-Wall", "-O1", "-static"] + includes + flags + sources + libraries + ["-o", program]
        )
        guard outcome.status == 0 else { throw CompileError(output: outcome.output) }
        // Programs also run as another uid, which must reach them.
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755],
            ofItemAtPath: URL(filePath: program).deletingLastPathComponent().path
        )
        return program
    }

    struct CompileError: Error, CustomStringConvertible {
        let output: String
        var description: String { "gcc: \(output)" }
    }
}

/// Who the tests of a layer run as: both, where the tests run as root.
enum Privilege: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case own, unprivileged

    static var possible: [Privilege] { geteuid() == 0 ? [.own, .unprivileged] : [.own] }
    var testDescription: String { self == .own ? "as uid \(geteuid())" : "as uid 65534" }
}
