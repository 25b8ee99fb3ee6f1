import Foundation
import TestSupport
import Testing

/// The filters alone, without a namespace, against the kernel's real calls.
struct SeccompTests {
    /// What each case answers, in groups that do no harm when only the filters stand in the way.
    static let answers: [String: String] = [
        "WR04.chmod": "EPERM", "WR04.group": "EPERM", "WR04.plain": "OK", "WR05": "ENOSYS",
        "WR06.open": "EPERM", "WR06.creat": "EPERM", "WR06.tmpfile": "EPERM", "WR06.openat2": "ENOSYS",
        "WR08": "EPERM", "WR08.fifo": "OK",
        "NS02.caps": "EPERM", "NS02.ambient": "EPERM", "NS03.unshare": "EPERM", "NS03.clone": "EPERM",
        "NS03.clone3": "ENOSYS", "NS03.setns": "EPERM", "NS03.own": "EPERM", "NS05": "EPERM", "NS05.pivot": "EPERM",
        "NS07.9999": "ENOSYS", "NS07.new": "ENOSYS",
        "NS08.setup": "ENOSYS", "NS08.enter": "ENOSYS", "NS08.register": "ENOSYS",
        "NS09.add": "EPERM", "NS09.keyctl": "EPERM", "NS09.request": "EPERM",
        "NS10.bpf": "EPERM", "NS10.perf": "EPERM", "NS10.userfaultfd": "EPERM", "NS10.ptrace": "EPERM",
        "NS10.vm_readv": "EPERM",
        "NS11.kexec": "SIGSYS", "NS11.kexec_file": "SIGSYS", "NS11.module": "SIGSYS", "NS11.module_file": "SIGSYS",
        "NS11.module_delete": "SIGSYS", "NS11.reboot": "SIGSYS",
        "NS13.exec": "EPERM", "NS13.mixed": "EPERM", "NS13.harmless": "OK", "NS16": "EPERM",
        "IN07.lease": "EPERM", "IN07.notify": "EPERM",
        "TT01": "EPERM", "TT01.high": "EPERM", "TT05.paste": "EPERM", "TT05.console": "EPERM",
        "TT05.led": "ENOTTY",
    ]

    /// Sockets; tried in a network namespace of their own, or not at all.
    static let network: [String: String] = [
        "NW04.raw": "EPERM", "NW05": "EAFNOSUPPORT", "NW05.high": "EAFNOSUPPORT", "NW05.negative": "EAFNOSUPPORT",
        "NW05.pair": "EAFNOSUPPORT", "NW07": "EPROTONOSUPPORT", "NW07.netfilter": "EPROTONOSUPPORT",
        "NW07.generic": "EPROTONOSUPPORT",
    ]

    @Test(arguments: Privilege.possible)
    func `T59 the filters alone answer each refused call with its errno`(privilege: Privilege) async throws {
        try await withTemporaryDirectory { directory in
            let attack = try TestPrograms.attack(in: directory, confining: true)
            let scratch = "\(directory)/scratch"
            try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: false)
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: scratch)
            let outcome = try TestPrograms.run(
                [attack, "--confine", "seccomp", "modes", "privilege", "terminal"],
                environment: ["ATTACK_SCRATCH": scratch],
                unprivileged: privilege == .unprivileged
            )
            #expect(outcome.status == 0, "\(outcome.output)")
            let answers = outcome.answers
            for (name, expected) in Self.answers { #expect(answers[name] == expected, "\(name)") }
            #if arch(x86_64)
            #expect(answers["NS06.int80"] == "SIGSYS")
            #expect(answers["NS06.x32"] == "SIGSYS")
            #endif
        }
    }

    @Test(arguments: Privilege.possible)
    func `the filters alone allow sockets of four families, however the argument is written`(
        privilege: Privilege
    ) async throws {
        try await withTemporaryDirectory { directory in
            let attack = try TestPrograms.attack(in: directory, confining: true)
            let outcome = try TestPrograms.run(
                ["unshare", "--user", "--net", attack, "--confine", "seccomp", "network"],
                unprivileged: privilege == .unprivileged
            )
            let answers = outcome.answers
            for (name, expected) in Self.network { #expect(answers[name] == expected, "\(name): \(outcome.output)") }
            #expect(answers["NW01"] == "ENETUNREACH")
        }
    }

    @Test func `PID 1's filter lets it write and ends it at anything else`() async throws {
        try await withTemporaryDirectory { directory in
            let attack = try TestPrograms.attack(in: directory, confining: true)
            let writing = try TestPrograms.run([attack, "--confine", "init", "pipe"])
            #expect(writing.output.hasPrefix("WRITTEN"))
            // getppid(2) is not among what PID 1 does.
            #expect(writing.isSignal && writing.status == SIGSYS)
        }
    }
}
