import CLinux

@testable import Sandbox

/// The answer that the kernel must give to each attempt of the attack program in a finished sandbox.
enum AttackAnswers {
    /// All that is tried in a tier, with the attempts that use all there is or without.
    static func asserted(
        _ mode: SpawnMode,
        _ tier: SandboxRequest.Tier,
        bombs: Bool = true
    ) -> [String: Set<String>] {
        var all = everywhere
        for part in [apart(tier), filters, bombs ? self.bombs(mode) : [:]] { all.merge(part) { _, new in new } }
        return all
    }

    /// The same in both tiers and both modes.
    private static let everywhere: [String: Set<String>] = [
        "RF01": ["ENOENT"], "RF02.root": ["ENOENT"], "RF02.own": ["ENOENT"], "RF06": ["ENOENT"],
        "FD04.place": ["EBADF"], "RF07.root": ["EACCES"], "RF07.cwd": ["EACCES"],
        "RF07.parent": ["EACCES"], "RF08.pivot": ["EPERM"], "RF08.old": ["ENOENT"], "RF09": ["EPERM"],
        "RF10": ["ENOENT"], "RF11.block": ["EPERM"], "RF11.char": ["EPERM"],
        "RF12.syslog": ["EPERM"], "RF12.dev": ["ENOENT"], "RF12.proc": ["EACCES", "ENOENT"],
        "RF13.init": ["EACCES"], "RF13.parent": ["EACCES"], "RF14.name": ["NANOCLAW"], "RF15": ["PIPE"],
        "RF16.kcore": ["EACCES", "ENOENT"], "RF16.kallsyms": ["EACCES", "ENOENT"],
        "RF16.keys": ["EACCES", "ENOENT"], "RF16.timer_list": ["EACCES", "ENOENT"],
        // PID 1, what runs the attack, the attack and its like; none of the host's.
        "RF17": ["1", "2", "3", "4", "5", "6"],
        // The header and the tier's own listener; no other socket is there by name.
        "RF18.tcp": ["2"], "RF18.unix": ["0"], "RF19": ["-1"],
        "WR01.usr": ["EROFS"], "WR01.root": ["EROFS"], "WR01.preload": ["EROFS"], "WR02": ["EROFS", "EACCES"],
        "WR03": ["EACCES"], "WR10.scratch": ["EPERM"], "WR10.workspace": ["EPERM"],
        "WR10.resize": ["EPERM", "ENOTTY"], "WR13": ["EFBIG"],
        "WR15.inbound": ["EROFS"], "WR15.workspace": ["EROFS"], "CF01": ["EROFS"],
        "PR01": ["EACCES", "EROFS"],
        // Absent where the kernel has no modules.
        "PR02.modprobe": ["ENOENT", "EACCES", "EROFS"], "PR02.binfmt": ["ENOENT", "EACCES", "EROFS"],
        "PR02.poweroff": ["EACCES", "EROFS"], "PR02.uevent": ["ENOENT"],
        "PR03": ["EACCES", "ENOENT"], "PR04.limits": ["EACCES", "EROFS"], "PR04.forward": ["EACCES", "EROFS"],
        "PR05.lower": ["EACCES"], "PR05.parent": ["EACCES"], "PR06": ["EPERM"],
        "PR07.proc": ["EPERM"], "PR07.sysfs": ["EPERM"], "PR07.cgroup": ["EPERM"], "PR07.overlay": ["EPERM"],
        "PR07.tmpfs": ["EPERM"], "PR07.open_tree": ["EPERM"], "PR07.fsopen": ["EPERM"],
        "PR09.readlink": ["EACCES"], "PR09.open": ["EACCES"], "PR09.parent": ["EACCES"],
        "PR10.kmsg": ["ENOENT"], "PR10.fuse": ["ENOENT"], "PR10.kvm": ["ENOENT"], "PR10.net/tun": ["ENOENT"],
        "PR10.loop-control": ["ENOENT"], "PR10.console": ["ENOENT"], "PR10.userfaultfd": ["ENOENT"],
        "PR10.vsock": ["ENOENT"], "PR11": ["ENOENT"], "PR12.init": ["EACCES"], "PR12.parent": ["EACCES"],
        // The lock is granted: that nobody waits for it is the host's part.
        "IN06": ["OK"],
        "IN02": ["EROFS"], "IN03.unlink": ["EROFS"], "IN03.rename": ["EROFS"], "IN03.chmod": ["EROFS"],
        "IN03.utime": ["EROFS"], "IN03.write": ["EROFS"], "IN04": ["EXDEV"],
        "NW02.connect": ["ENETUNREACH"], "NW02.send": ["ENETUNREACH"],
        // Names come from /etc/hosts alone: no resolver is asked.
        "NW03": ["EAI_NONAME"], "NW04.datagram": ["EACCES"], "NW08": ["ECONNREFUSED"],
        "NW09": ["ENOENT"], "NW09.host": ["ENOENT"], "NW09.environment": ["UNSET"], "NW14": ["EPERM"],
        "NW07.link": ["EPERM"], "TT05.tty0": ["ENOENT"],
        // Uid 0 is not mapped in the second user namespace.
        "NS02.uid": ["EINVAL", "EPERM"], "NS02.gid": ["EINVAL", "EPERM"], "TT03": ["ENXIO"],
        "NS14.mount": ["EPERM"], "NS14.agent": ["ENOENT"], "NS15.mounted": ["ENOENT"], "NS15.own": ["ROOT"],
        "NS17": [clinux_landlock_abi() >= 2 ? "EACCES" : "OK"],
        // Starting a program from memory is allowed: it is confined like any other.
        "NS22": ["OK"],
        "PS02": ["ESRCH"], "PS06": ["0 of 50"], "PS11.tmp": ["ENOSPC"], "PS11.shm": ["ENOSPC"],
        "PS12": ["ENOSPC"], "PS18": ["EPERM"], "PS19.queue": ["ENOSYS"], "PS19.segment": ["ENOENT"],
        "PS21.descriptors": ["EMFILE"], "PS21.timers": ["EAGAIN"], "PS23": ["NONE"], "PS25": ["EMFILE"],
    ]

    /// Where the tiers differ: the runner's Landlock knows one port, programs start from no place that it writes, and it
    /// has the descriptors of its contract.
    private static func apart(_ tier: SandboxRequest.Tier) -> [String: Set<String>] {
        let own = tier == .runner && clinux_landlock_abi() >= 4
        return [
            // The last is the socket to the tool tier, at the limit of open files.
            "FD01": [tier == .runner ? "0 1 2 3 4 5 256" : "0 1 2"], "FD02": ["EBADF"],
            "FD04.one": [tier == .runner ? "EPERM" : "OK"], "FD04.many": [tier == .runner ? "EPERM" : "OK"],
            "NW01": [own ? "EACCES" : "ENETUNREACH"], "NW01.v6": [own ? "EACCES" : "ENETUNREACH"],
            "NW10": [own ? "EACCES" : "ECONNREFUSED"], "NW11": [own ? "EACCES" : "ENETUNREACH"],
            "NW11.v6": [own ? "EACCES" : "ENETUNREACH"],
            "NW12": [own ? "EACCES" : "EADDRINUSE"], "WR14": [tier == .runner ? "EACCES" : "OK"],
        ]
    }

    /// Only a cgroup limits the processors: without one they are shared, and there is nothing to be asserted.
    private static func bombs(_ mode: SpawnMode) -> [String: Set<String>] {
        let both: [String: Set<String>] = ["PS05": ["EAGAIN"]]
        return mode == .root ? both.merging(["PS15": ["WITHIN"]]) { $1 } : both
    }

    private static let filters: [String: Set<String>] = {
        var all = SeccompTests.answers.merging(SeccompTests.network) { $1 }.mapValues { Set([$0]) }
        #if arch(x86_64)
        all["NS06.int80"] = ["SIGSYS"]
        all["NS06.x32"] = ["SIGSYS"]
        #endif
        return all
    }()

    // MARK: - Judging

    /// What a run's answers say against the asserted ones: cases that succeeded, and attempts that were refused otherwise.
    struct Verdict {
        var found: Set<String> = []
        var otherwise: [String] = []

        init(_ answers: [String: String], _ asserted: [String: Set<String>]) {
            for (name, allowed) in asserted {
                let answer = answers[name] ?? "nothing"
                if allowed.contains(answer) { continue }
                if AttackAnswers.isSuccess(answer) {
                    found.insert(AttackAnswers.number(name))
                } else {
                    otherwise.append("\(name) \(answer)")
                }
            }
        }

        /// Adds what the other tier has.
        mutating func join(_ other: Verdict) {
            found.formUnion(other.found)
            otherwise += other.otherwise
        }
    }

    /// What was tried and is asserted by nobody; what begins with `#` is for people.
    static func unasserted(_ answers: [String: String], _ asserted: [String: Set<String>]) -> [String] {
        answers.keys.filter { asserted[$0] == nil && $0 != "#" }.sorted()
    }

    /// The case of an attempt: `RF07` of `RF07.root`.
    static func number(_ attempt: String) -> String { String(attempt.prefix { $0 != "." }) }

    /// False for an errno, a deadly signal, and what else says that an attempt came to nothing.
    static func isSuccess(_ answer: String) -> Bool {
        guard let word = answer.split(separator: " ").last else { return false }
        let nothing: Set<Substring> = [
            "KILLED", "NONE", "UNCOPIED", "UNSET", "PIPE", "WITHIN", "NANOCLAW", "ROOT", "nothing", "-1", "UNLINKED",
        ]
        let isErrno = word.first == "E" && word.allSatisfy { $0.isUppercase || $0.isNumber || $0 == "_" }
        return !isErrno && !word.hasPrefix("SIG") && !nothing.contains(word) && !answer.hasPrefix("0 of ")
    }
}
