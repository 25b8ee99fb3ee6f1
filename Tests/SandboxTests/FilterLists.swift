import CSeccomp

#if canImport(Glibc)
import Glibc
#endif

/// What the filters of a sandbox decide, call by call; docs/security.md says why.
enum FilterLists {
    /// Calls of ordinary programs.
    static let allowed = words(
        """
        read write open close stat fstat lstat poll lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask
        rt_sigreturn ioctl pread64 pwrite64 readv writev access pipe select sched_yield mremap msync mincore madvise
        shmget shmat shmctl shmdt dup dup2 pause nanosleep getitimer alarm setitimer getpid sendfile socket connect
        accept sendto recvfrom sendmsg recvmsg shutdown bind listen getsockname getpeername socketpair setsockopt
        getsockopt clone fork vfork execve exit wait4 kill uname semget semop semctl semtimedop msgget msgsnd msgrcv
        msgctl fcntl flock fsync fdatasync truncate ftruncate getdents getcwd chdir fchdir rename mkdir rmdir creat link
        unlink symlink readlink chmod fchmod chown fchown lchown umask gettimeofday getrlimit getrusage sysinfo times
        getuid getgid setuid setgid geteuid getegid setpgid getppid getpgrp setsid setreuid setregid getgroups setgroups
        setresuid getresuid setresgid getresgid getpgid setfsuid setfsgid getsid capget capset rt_sigpending
        rt_sigtimedwait rt_sigqueueinfo rt_sigsuspend sigaltstack utime mknod personality statfs fstatfs getpriority
        setpriority sched_setparam sched_getparam sched_setscheduler sched_getscheduler sched_get_priority_max
        sched_get_priority_min sched_rr_get_interval mlock munlock mlockall munlockall prctl arch_prctl setrlimit sync
        gettid readahead setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr
        removexattr lremovexattr fremovexattr tkill time futex sched_setaffinity sched_getaffinity epoll_create
        remap_file_pages getdents64 set_tid_address restart_syscall fadvise64 timer_create timer_settime timer_gettime
        timer_getoverrun timer_delete clock_gettime clock_getres clock_nanosleep exit_group epoll_wait epoll_ctl tgkill
        utimes get_mempolicy waitid ioprio_set ioprio_get inotify_init inotify_add_watch inotify_rm_watch openat mkdirat
        mknodat fchownat futimesat newfstatat unlinkat renameat linkat symlinkat readlinkat fchmodat faccessat pselect6
        ppoll set_robust_list get_robust_list splice tee sync_file_range utimensat epoll_pwait signalfd timerfd_create
        eventfd fallocate timerfd_settime timerfd_gettime accept4 signalfd4 eventfd2 epoll_create1 dup3 pipe2
        inotify_init1 preadv pwritev rt_tgsigqueueinfo recvmmsg prlimit64 name_to_handle_at syncfs sendmmsg getcpu
        sched_setattr sched_getattr renameat2 seccomp getrandom memfd_create execveat membarrier mlock2 copy_file_range
        preadv2 pwritev2 pkey_mprotect pkey_alloc pkey_free statx rseq pidfd_send_signal pidfd_open close_range
        faccessat2 epoll_pwait2 landlock_create_ruleset landlock_add_rule landlock_restrict_self process_mrelease
        futex_waitv
        """
    )

    /// The same, of calls that libseccomp 2.5 has no name for.
    static let allowedByNumber: [(name: String, number: Int32)] = [
        ("cachestat", 451), ("map_shadow_stack", 453), ("mseal", 462),
    ]

    /// Calls that need a privilege no sandbox has, or reach other processes and the kernel's inside: EPERM.
    ///
    /// All that stands in no list is ENOSYS, so that libraries fall back: clone3, openat2, io_uring, fchmodat2,
    /// memfd_secret, and whatever the next kernel brings.
    static let refused = words(
        """
        mount umount2 move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr pivot_root chroot unshare setns
        ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd userfaultfd bpf perf_event_open keyctl
        add_key request_key open_by_handle_at swapon swapoff acct quotactl quotactl_fd syslog sethostname setdomainname
        settimeofday clock_settime clock_adjtime adjtimex vhangup iopl ioperm mbind set_mempolicy set_mempolicy_home_node
        move_pages migrate_pages fanotify_init fanotify_mark vmsplice
        """
    )

    /// Calls that nothing but an attack makes: they end the process.
    static let killed = words("kexec_load kexec_file_load init_module finit_module delete_module reboot")

    /// All that PID 1 does once the sandbox stands, mmap and mprotect without execution beside it.
    static let initAllowed = words(
        """
        read write readv writev close sendto sendmsg recvfrom recvmsg wait4 waitid kill tgkill pidfd_send_signal
        rt_sigaction rt_sigprocmask rt_sigreturn rt_sigtimedwait rt_sigsuspend exit exit_group nanosleep clock_nanosleep
        clock_gettime poll ppoll epoll_wait epoll_pwait futex restart_syscall getpid gettid brk munmap mremap madvise
        sched_yield
        """
    )

    /// A call, the arguments that are refused, and the answer.
    struct ArgumentRule {
        let call: String
        let errno: Int32
        let conditions: [scmp_arg_cmp]
    }

    static let refusedArguments: [ArgumentRule] =
        namespaceRules + modeRules + deviceRules + ioctlRules + fcntlRules + prctlRules + socketRules

    /// clone(2) with any CLONE_NEW* flag.
    private static let namespaceRules = [
        0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000,
    ].map { ArgumentRule(call: "clone", errno: EPERM, conditions: [masked(0, $0, $0)]) }

    /// Set-user-id and set-group-id bits, by whatever call a mode is given.
    private static let modeRules: [ArgumentRule] = [UInt64(S_ISUID), UInt64(S_ISGID)].flatMap { bit in
        // The second is __O_TMPFILE.
        let makes: [UInt64] = [UInt64(O_CREAT), 0o20_000_000]
        let direct: [(String, UInt32)] = [("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("creat", 1)]
        return direct.map { ArgumentRule(call: $0.0, errno: EPERM, conditions: [masked($0.1, bit, bit)]) }
            + makes.flatMap { flag in
                [
                    ArgumentRule(call: "open", errno: EPERM, conditions: [masked(1, flag, flag), masked(2, bit, bit)]),
                    ArgumentRule(
                        call: "openat",
                        errno: EPERM,
                        conditions: [masked(2, flag, flag), masked(3, bit, bit)]
                    ),
                ]
            }
    }

    /// Character and block devices, the whiteouts of overlays among them.
    private static let deviceRules: [ArgumentRule] = [UInt64(S_IFCHR), UInt64(S_IFBLK)].flatMap { kind in
        [("mknod", UInt32(1)), ("mknodat", 2)].map {
            ArgumentRule(call: $0.0, errno: EPERM, conditions: [masked($0.1, UInt64(S_IFMT), kind)])
        }
    }

    /// Requests that type into a terminal or change a console: TIOCSTI, TIOCLINUX, TIOCCONS, TIOCSETD, KDSKBENT,
    /// KDSKBSENT, KDSETKEYCODE.
    private static let ioctlRules = [0x5412, 0x541C, 0x541D, 0x5423, 0x4B47, 0x4B49, 0x4B4D].map {
        ArgumentRule(call: "ioctl", errno: EPERM, conditions: [equal32(1, $0)])
    }

    /// F_SETLEASE can stall another process's open; F_NOTIFY.
    private static let fcntlRules = [1024, 1026].map {
        ArgumentRule(call: "fcntl", errno: EPERM, conditions: [equal32(1, $0)])
    }

    /// PR_SET_MM, PR_SCHED_CORE, PR_SET_PTRACER.
    private static let prctlRules = [35, 62, 0x5961_6D61].map {
        ArgumentRule(call: "prctl", errno: EPERM, conditions: [equal32(0, $0)])
    }

    /// Families UNIX, INET, INET6 and NETLINK's ROUTE; no raw or packet sockets of INET; pairs of UNIX alone.
    private static let socketRules: [ArgumentRule] = {
        let unix = UInt64(AF_UNIX), internet = [UInt64(AF_INET), UInt64(AF_INET6)], netlink = UInt64(AF_NETLINK)
        let known: UInt64 = 64
        var rules: [ArgumentRule] = (0..<known).filter { $0 != unix && !internet.contains($0) && $0 != netlink }.map {
            ArgumentRule(call: "socket", errno: EAFNOSUPPORT, conditions: [equal32(0, $0)])
        }
        rules.append(.init(call: "socket", errno: EAFNOSUPPORT, conditions: [compare(0, SCMP_CMP_GE, known)]))
        for family in internet {
            for type: UInt64 in [3, 10] {
                rules.append(
                    .init(call: "socket", errno: EPERM, conditions: [equal32(0, family), masked(1, 0xF, type)])
                )
            }
        }
        rules.append(
            .init(
                call: "socket",
                errno: EPROTONOSUPPORT,
                conditions: [equal32(0, netlink), compare(2, SCMP_CMP_NE, 0)]
            )
        )
        rules.append(.init(call: "socketpair", errno: EAFNOSUPPORT, conditions: [compare(0, SCMP_CMP_NE, unix)]))
        return rules
    }()

    private static func words(_ text: String) -> [String] {
        text.split(whereSeparator: \.isWhitespace).map(String.init)
    }
}
