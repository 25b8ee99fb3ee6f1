// Tries of single calls: privileges, namespaces, what only the filters refuse. What would change the caller is tried in a child.
#ifndef ATTACK_TRIES_CALLS_H
#define ATTACK_TRIES_CALLS_H

#include "tries.h"
#include <linux/perf_event.h>
#include <sys/ioctl.h>

#ifdef __x86_64__
static long int80(void) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
    return result;
}
static long x32(void) { return CALL(0x40000000 + 39); }
#endif
static long kexec(void) { return CALL(SYS_kexec_load, 0, 0, 0, 0); }
static long kexec_file(void) { return CALL(SYS_kexec_file_load, -1, -1, 0, 0, 0); }
static long module(void) { return CALL(SYS_init_module, 0, 0, 0); }
static long module_file(void) { return CALL(SYS_finit_module, -1, 0, 0); }
static long module_delete(void) { return CALL(SYS_delete_module, "nanoclaw_no_such", 0); }
static long reboot_try(void) { return CALL(SYS_reboot, 0xfee1dead, 672274793, 0, 0); }

static long all_caps(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{~0u, ~0u, ~0u}, {~0u, ~0u, ~0u}};
    return CALL(SYS_capset, &header, data);
}

static long handle(void) {
    struct {
        unsigned bytes;
        int type;
        unsigned char data[128];
    } handle = {.bytes = 128};
    int mount = 0;
    if (CALL(SYS_name_to_handle_at, AT_FDCWD, "/", &handle, &mount, 0) < 0) return -2;
    int root = open("/", O_RDONLY | O_DIRECTORY);
    return CALL(SYS_open_by_handle_at, root, &handle, O_RDONLY);
}

// A filter that allows everything, then a call that the first one refuses.
static long allow_all(void) {
    struct sock_filter filter[] = {{0x06, 0, 0, SECCOMP_RET_ALLOW}};
    struct sock_fprog program = {1, filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    long result = CALL(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
    return result < 0 ? result : CALL(SYS_add_key, "user", "x", "y", 1, -3);
}

static long unshare_user(void) { return CALL(SYS_unshare, CLONE_NEWUSER); }
static long clone_user(void) {
    long pid = CALL(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0);
    if (pid == 0) _exit(0);
    return pid;
}
static long clone3_user(void) {
    unsigned long long arguments[8] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD};
    long pid = CALL(SYS_clone3, arguments, sizeof arguments);
    if (pid == 0) _exit(0);
    return pid;
}
// A namespace that is really there: its own.
static long enter_network(void) {
    int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -1 : CALL(SYS_setns, fd, CLONE_NEWNET);
}
static long change_root(void) { return CALL(SYS_chroot, "."); }
static long trace_me(void) { return CALL(SYS_ptrace, 0, 0, 0, 0); }
static long count_events(void) {
    struct perf_event_attr attributes = {
        .type = PERF_TYPE_SOFTWARE, .size = sizeof attributes, .config = PERF_COUNT_SW_TASK_CLOCK,
        .exclude_kernel = 1, .exclude_hv = 1};
    return CALL(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}
static long execute_data(void) { return CALL(SYS_personality, 0x400000); }
static long execute_data_too(void) { return CALL(SYS_personality, 0x440000); }

static long raise_limit(void) {
    rlim_t more = (rlim_t)granted("ATTACK_FILES", 256) + 1;
    struct rlimit limit = {more, more};
    errno = 0;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

static long lease(void) {
    int fd = open(in_scratch("lease"), O_CREAT | O_RDONLY | O_CLOEXEC, 0600);
    long result = CALL(SYS_fcntl, fd, 1024, F_RDLCK);
    int error = errno;
    unlink(in_scratch("lease"));
    errno = error;
    return result;
}

static long notify(void) {
    int fd = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    // DN_CREATE
    return CALL(SYS_fcntl, fd, 1026, 4);
}

static const char *mounted_type;
static long mount_type(void) {
    long result = CALL(SYS_mount, "x", scratch, mounted_type, 0, 0);
    if (result == 0) umount2(scratch, MNT_DETACH);
    return result;
}
static long unmask(void) { return CALL(SYS_umount2, "/proc/sys", MNT_DETACH); }

static void try_privilege(void) {
    answer("NS02.uid", CALL(SYS_setresuid, 0, 0, 0));
    answer("NS02.gid", CALL(SYS_setresgid, 0, 0, 0));
    in_child("NS02.caps", all_caps);
    answer("NS02.ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0));
    in_child("NS03.unshare", unshare_user);
    in_child("NS03.clone", clone_user);
    in_child("NS03.clone3", clone3_user);
    answer("NS03.setns", CALL(SYS_setns, 0, 0));
    in_child("NS03.own", enter_network);
    in_child("NS05", change_root);
    // Who may change roots is told EBUSY of these two.
    answer("NS05.pivot", CALL(SYS_pivot_root, "/", "/"));
#ifdef __x86_64__
    in_child("NS06.int80", int80);
    in_child("NS06.x32", x32);
#endif
    answer("NS07.9999", CALL(9999));
    int unknown = 0;
    for (long number = 457; number <= 470; number++) {
        if (number != 462) unknown += CALL(number) < 0 && errno == ENOSYS;
    }
    printf("NS07.new %s\n", unknown == 13 ? "ENOSYS" : "OPEN");
    char ring[256] = "";
    answer("NS08.setup", CALL(SYS_io_uring_setup, 4, ring));
    answer("NS08.enter", CALL(SYS_io_uring_enter, 0, 0, 0, 0, 0));
    answer("NS08.register", CALL(SYS_io_uring_register, 0, 0, 0, 0));
    answer("NS09.add", CALL(SYS_add_key, "user", "x", "y", 1, -3));
    answer("NS09.keyctl", CALL(SYS_keyctl, 0, -3, 1));
    answer("NS09.request", CALL(SYS_request_key, "user", "x", 0, -3));
    answer("NS10.bpf", CALL(SYS_bpf, 0, 0, 0));
    answer("NS10.perf", count_events());
    answer("NS10.userfaultfd", CALL(SYS_userfaultfd, 1));
    in_child("NS10.ptrace", trace_me);
    answer("NS10.vm_readv", CALL(SYS_process_vm_readv, getpid(), 0, 0, 0, 0));
    if (!is_outside()) {
        in_child("NS11.kexec", kexec);
        in_child("NS11.kexec_file", kexec_file);
        in_child("NS11.module", module);
        in_child("NS11.module_file", module_file);
        in_child("NS11.module_delete", module_delete);
        in_child("NS11.reboot", reboot_try);
    }
    in_child("NS13.exec", execute_data);
    in_child("NS13.mixed", execute_data_too);
    answer("NS13.harmless", CALL(SYS_personality, 0x40000));
    CALL(SYS_personality, 0);
    in_child("NS16", allow_all);
    in_child("PS18", raise_limit);
    in_child("IN07.lease", lease);
    in_child("IN07.notify", notify);
}

// A descriptor in a message over a socket of one's own.
static long pass_descriptor(int many) {
    int ends[2];
    struct iovec data = {"x", 1};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    struct mmsghdr message = {
        .msg_hdr = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control}};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return -1;
    memcpy(CMSG_DATA(&control.header), ends, sizeof(int));
    errno = 0;
    return many ? sendmmsg(ends[0], &message, 1, 0) : sendmsg(ends[0], &message.msg_hdr, 0);
}
static long pass_one(void) { return pass_descriptor(0); }
static long pass_many(void) { return pass_descriptor(1); }
// Another socket in the place of the one over which the runner may pass descriptors.
static long take_place(void) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return -1;
    return CALL(SYS_dup3, ends[0], granted("ATTACK_FILES", 256), 0);
}

static void try_passing(void) {
    in_child("FD04.one", pass_one);
    in_child("FD04.many", pass_many);
    in_child("FD04.place", take_place);
}

// A terminal of one's own, which becomes the controlling one: its end for typing, or -1.
static int own_terminal(void) {
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), locked = 0, number = 0;
    char path[32];
    if (master < 0 || ioctl(master, TIOCSPTLCK, &locked) < 0 || ioctl(master, TIOCGPTN, &number) < 0) return -1;
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    setsid();
    return open(path, O_RDWR | O_CLOEXEC);
}

static long on_terminal(unsigned long request) {
    int terminal = own_terminal();
    char byte = 'x';
    return terminal < 0 ? -1 : CALL(SYS_ioctl, terminal, request, &byte);
}
static long type_in(void) { return on_terminal(0x5412); }
static long type_in_high(void) { return on_terminal(0x5412 | (1L << 33)); }
static long paste(void) { return on_terminal(0x541C); }
// TIOCCONS: the console's output comes here, until the end of this process.
static long take_console(void) { return on_terminal(0x541D); }
// KDSETLED, which only a console has.
static long light_up(void) { return on_terminal(0x4B32); }

static void try_terminal(void) {
    in_child("TT01", type_in);
    in_child("TT01.high", type_in_high);
    answer("TT03", open_for("/dev/tty", O_RDWR));
    in_child("TT05.paste", paste);
    in_child("TT05.console", take_console);
    in_child("TT05.led", light_up);
    answer("TT05.tty0", open_for("/dev/tty0", O_RDWR));
}

#endif
