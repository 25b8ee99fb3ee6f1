// Tries what a sandbox must refuse and prints, line by line, "<case> <answer>": the name of the errno, OK, or the signal that
// ended the try. The case numbers are those of docs/security.md.
//   attack GROUP…                      tries these groups of cases
//   attack --confine LAYERS GROUP…     first puts LAYERS ("landlock", "seccomp", "landlock,seccomp", "init") on itself, without
//                                      any namespace: each layer must hold alone. Built with -DCONFINE and CLinux.
// The groups "writing", "inbound", "host", "neighbour", "workspace", "resources" and "reaching" are for a finished sandbox:
// elsewhere they may succeed.
#include "tries.h"
#include "tries_host.h"
#include "tries_resources.h"

#ifdef CONFINE
#include "clinux_harden.h"
#endif

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

static long allow_all(void) {
    struct sock_filter filter[] = {{0x06, 0, 0, SECCOMP_RET_ALLOW}};
    struct sock_fprog program = {1, filter};
    long result = CALL(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
    return result < 0 ? result : CALL(SYS_unshare, CLONE_NEWUSER);
}

static long abstract(void) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    static const char name[] = "nanoclaw-host-abstract";
    memcpy(to.sun_path + 1, name, sizeof name - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    errno = 0;
    return connect(fd, (struct sockaddr *)&to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof name));
}

static long raise_limit(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max = limit.rlim_max + 1;
    errno = 0;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

static long mode_file(void) {
    int fd = open(in_scratch("mode"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0) close(fd);
    return fd;
}

static void try_reading(void) {
    answer("RF01", open_for("/etc/shadow", O_RDONLY));
    answer("RF02", open_for("/root/.ssh", O_RDONLY));
    answer("RF07.root", open_for("/proc/1/root/etc/passwd", O_RDONLY));
    answer("RF07.cwd", open_for("/proc/1/cwd/", O_RDONLY));
    answer("RF07.exe", open_for("/proc/1/exe", O_RDONLY));
    answer("RF09", handle());
    answer("RF11.block", CALL(SYS_mknod, in_scratch("sda"), S_IFBLK | 0600, 0x800));
    answer("RF11.char", CALL(SYS_mknodat, AT_FDCWD, in_scratch("mem"), S_IFCHR | 0600, 0x101));
    char bytes[64];
    answer("RF12.syslog", CALL(SYS_syslog, 3, bytes, 64));
    answer("RF12.dev", open_for("/dev/kmsg", O_RDONLY));
    answer_content("RF12.proc", "/proc/kmsg");
    answer("RF13", open_for("/proc/1/environ", O_RDONLY));
    answer_content("RF16.kcore", "/proc/kcore");
    answer_content("RF16.kallsyms", "/proc/kallsyms");
    answer_content("RF16.keys", "/proc/keys");
    answer_content("RF16.timer_list", "/proc/timer_list");
    printf("RF17 %d\n", count_entries("/proc", 1));
    printf("RF18.tcp %d\n", count_lines("/proc/net/tcp"));
    printf("RF18.unix %d\n", count_lines("/proc/net/unix"));
    printf("RF19 %d\n", count_entries("/sys", 0));
}

static void try_writing(void) {
    answer("WR01.usr", open_for("/usr/bin/nanoclaw-x", O_CREAT | O_WRONLY));
    answer("WR01.root", open_for("/nanoclaw-x", O_CREAT | O_WRONLY));
    answer("WR01.preload", open_for("/etc/ld.so.preload", O_CREAT | O_WRONLY));
    answer("WR02", open_for("/dev/nanoclaw-x", O_CREAT | O_WRONLY));
}

static void try_modes(void) {
    if (mode_file() < 0) answer("WR04.file", -1);
    const char *file = in_scratch("mode");
    answer("WR04.chmod", CALL(SYS_chmod, file, 04755));
    answer("WR04.group", CALL(SYS_fchmodat, AT_FDCWD, file, 02755));
    answer("WR04.plain", CALL(SYS_chmod, file, 0755));
    answer("WR05", CALL(452, AT_FDCWD, file, 04755, 0));
    char set[300];
    snprintf(set, sizeof set, "%s/set", scratch);
    answer("WR06.open", CALL(SYS_open, set, O_CREAT | O_WRONLY, 06755));
    answer("WR06.creat", CALL(SYS_creat, set, 04755));
    answer("WR06.tmpfile", CALL(SYS_openat, AT_FDCWD, scratch, O_TMPFILE | O_WRONLY, 04755));
    answer("WR06.openat2", CALL(SYS_openat2, AT_FDCWD, set, 0, 0));
    answer("WR08", CALL(SYS_mknod, in_scratch("whiteout"), S_IFCHR, 0));
    answer("WR.fifo", CALL(SYS_mknod, in_scratch("fifo"), S_IFIFO | 0600, 0));
    unlink(set);
    unlink(in_scratch("fifo"));
    unlink(in_scratch("mode"));
}

// `path` is a file on a mount that is read-only for the sandbox, whose directory is `directory`.
static void try_inbound(const char *directory, const char *file) {
    char path[512], other[512];
    snprintf(path, sizeof path, "%s/%s", directory, file);
    snprintf(other, sizeof other, "%s/%s-journal", directory, file);
    answer("IN02", open_for(other, O_CREAT | O_WRONLY));
    answer("IN03.unlink", CALL(SYS_unlink, path));
    answer("IN03.rename", CALL(SYS_rename, path, other));
    answer("IN03.chmod", CALL(SYS_chmod, path, 0777));
    answer("IN03.utime", CALL(SYS_utimensat, AT_FDCWD, path, 0, 0));
    answer("IN03.write", open_for(path, O_WRONLY));
    answer("IN04", CALL(SYS_link, path, in_scratch("alias")));
}

static void try_proc(void) {
    answer("PR01", open_for("/proc/sys/kernel/core_pattern", O_WRONLY));
    answer("PR03", open_for("/proc/sysrq-trigger", O_WRONLY));
    answer("PR04", open_for("/proc/sys/user/max_user_namespaces", O_WRONLY));
    answer("PR06", CALL(SYS_umount2, "/proc/sys", MNT_DETACH));
    static const char *const types[] = {"proc", "sysfs", "cgroup", "overlay", "tmpfs"};
    for (size_t index = 0; index < sizeof types / sizeof *types; index++) {
        char name[32];
        snprintf(name, sizeof name, "PR07.%s", types[index]);
        answer(name, CALL(SYS_mount, "x", scratch, types[index], 0, 0));
    }
    answer("PR07.open_tree", CALL(SYS_open_tree, AT_FDCWD, "/", 1));
    answer("PR07.fsopen", CALL(SYS_fsopen, "tmpfs", 0));
    static const char *const devices[] = {"kmsg", "fuse", "kvm", "net/tun", "loop-control", "console", "userfaultfd", "vsock"};
    for (size_t index = 0; index < sizeof devices / sizeof *devices; index++) {
        char name[32], path[64];
        snprintf(name, sizeof name, "PR10.%s", devices[index]);
        snprintf(path, sizeof path, "/dev/%s", devices[index]);
        answer(name, open_for(path, O_RDWR));
    }
    answer("PR12", open_for("/proc/1/ns/mnt", O_RDONLY));
}

static void try_network(void) {
    answer("NW01", tcp("1.1.1.1", 443, 0));
    answer("NW04.raw", CALL(SYS_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP));
    answer("NW04.datagram", CALL(SYS_socket, AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
    int refused = 0, tried = 0;
    for (int family = 0; family < 128; family++) {
        if (family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK) continue;
        tried++;
        refused += CALL(SYS_socket, family, SOCK_STREAM, 0) < 0 && errno == EAFNOSUPPORT;
    }
    printf("NW05 %s\n", refused == tried ? "EAFNOSUPPORT" : "OPEN");
    answer("NW05.high", CALL(SYS_socket, 40 | (1L << 32), SOCK_STREAM, 0));
    answer("NW05.negative", CALL(SYS_socket, -1L, SOCK_STREAM, 0));
    int pair[2];
    answer("NW05.pair", CALL(SYS_socketpair, AF_INET, SOCK_STREAM, 0, pair));
    answer("NW07", CALL(SYS_socket, AF_NETLINK, SOCK_RAW, 9));
    answer("NW08", abstract());
    answer("NW10", tcp("127.0.0.1", 22, 0));
    answer("NW11", tcp("169.254.169.254", 80, 0));
    answer("NW12", tcp("127.0.0.1", 3128, 1));
}

static void try_privilege(void) {
    answer("NS02.uid", CALL(SYS_setresuid, 0, 0, 0));
    answer("NS02.gid", CALL(SYS_setresgid, 0, 0, 0));
    answer("NS02.caps", all_caps());
    answer("NS02.ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0));
    answer("NS03.unshare", CALL(SYS_unshare, CLONE_NEWUSER));
    answer("NS03.clone", CALL(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0));
    answer("NS03.clone3", CALL(SYS_clone3, 0, 0));
    answer("NS03.setns", CALL(SYS_setns, 0, 0));
    answer("NS05", CALL(SYS_chroot, "."));
    answer("NS05.pivot", CALL(SYS_pivot_root, ".", "."));
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
    answer("NS08.setup", CALL(SYS_io_uring_setup, 4, 0));
    answer("NS08.enter", CALL(SYS_io_uring_enter, 0, 0, 0, 0, 0));
    answer("NS08.register", CALL(SYS_io_uring_register, 0, 0, 0, 0));
    answer("NS09.add", CALL(SYS_add_key, "user", "x", "y", 1, -3));
    answer("NS09.keyctl", CALL(SYS_keyctl, 0, -3, 1));
    answer("NS09.request", CALL(SYS_request_key, "user", "x", 0, -3));
    answer("NS10.bpf", CALL(SYS_bpf, 0, 0, 0));
    answer("NS10.perf", CALL(SYS_perf_event_open, 0, 0, -1, -1, 0));
    answer("NS10.userfaultfd", CALL(SYS_userfaultfd, 1));
    answer("NS10.ptrace", CALL(SYS_ptrace, 0, 0, 0, 0));
    answer("NS10.vm_readv", CALL(SYS_process_vm_readv, getpid(), 0, 0, 0, 0));
    in_child("NS11.kexec", kexec);
    in_child("NS11.kexec_file", kexec_file);
    in_child("NS11.module", module);
    in_child("NS11.module_file", module_file);
    in_child("NS11.module_delete", module_delete);
    in_child("NS11.reboot", reboot_try);
    answer("NS13.exec", CALL(SYS_personality, 0x400000));
    answer("NS13.mixed", CALL(SYS_personality, 0x440000));
    answer("NS13.harmless", CALL(SYS_personality, 0x40000));
    CALL(SYS_personality, 0);
    in_child("NS16", allow_all);
    answer("PS18", raise_limit());
    answer("IN07.lease", CALL(SYS_fcntl, 0, 1024, 0));
    answer("IN07.notify", CALL(SYS_fcntl, 0, 1026, 0));
}

static void try_terminal(void) {
    char byte = 'x';
    answer("TT01", CALL(SYS_ioctl, 0, 0x5412, &byte));
    answer("TT01.high", CALL(SYS_ioctl, 0, 0x5412 | (1L << 33), &byte));
    answer("TT03", open_for("/dev/tty", O_RDWR));
    answer("TT05", CALL(SYS_ioctl, 0, 0x541C, &byte));
}

static void list_descriptors(void) {
    printf("FD01");
    for (int fd = 0; fd < 1024; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) printf(" %d", fd);
    }
    printf("\n");
}

#ifdef CONFINE
static int confine(const char *layers) {
    if (clinux_no_new_privileges() < 0) return -1;
    const struct clinux_path_rule rules[] = {
        {"/", CLINUX_LIST}, {"/usr", CLINUX_READ | CLINUX_EXECUTE}, {"/proc", CLINUX_READ},
        {"/dev", CLINUX_READ | CLINUX_DEVICE}, {scratch, CLINUX_READ | CLINUX_WRITE | CLINUX_EXECUTE}};
    if (strstr(layers, "landlock") && clinux_landlock(rules, 5, 0) <= 0) return -1;
    if (strstr(layers, "init")) return clinux_seccomp_init();
    return strstr(layers, "seccomp") ? clinux_seccomp_tier() : 0;
}
#endif

int main(int count, char **words) {
    int at = 1;
    const char *place = getenv("ATTACK_SCRATCH");
    if (place) snprintf(scratch, sizeof scratch, "%s", place);
    // Before anything else opens a descriptor.
    if (count > 1 && strcmp(words[1], "fds") == 0) list_descriptors();
#ifdef CONFINE
    if (count > 2 && strcmp(words[1], "--confine") == 0) {
        if (confine(words[2]) < 0) return 125;
        at = 3;
    }
#endif
    for (; at < count; at++) {
        if (strcmp(words[at], "reading") == 0) try_reading();
        if (strcmp(words[at], "writing") == 0) try_writing();
        if (strcmp(words[at], "inbound") == 0 && at + 2 < count) {
            try_inbound(words[at + 1], words[at + 2]);
            at += 2;
        }
        if (strcmp(words[at], "neighbour") == 0 && at + 2 < count) {
            try_neighbour(words[at + 1], words[at + 2]);
            at += 2;
        }
        if (strcmp(words[at], "workspace") == 0 && at + 1 < count) try_workspace(words[++at]);
        if (strcmp(words[at], "host") == 0) try_host();
        if (strcmp(words[at], "resources") == 0) try_resources();
        if (strcmp(words[at], "reaching") == 0) try_reaching();
        if (strcmp(words[at], "confined") == 0) return is_confined() ? 0 : 255;
        if (strcmp(words[at], "modes") == 0) try_modes();
        if (strcmp(words[at], "proc") == 0) try_proc();
        if (strcmp(words[at], "network") == 0) try_network();
        if (strcmp(words[at], "privilege") == 0) try_privilege();
        if (strcmp(words[at], "terminal") == 0) try_terminal();
        if (strcmp(words[at], "pipe") == 0 && write(1, "WRITTEN\n", 8) == 8 && getppid() < 0) return 1;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
