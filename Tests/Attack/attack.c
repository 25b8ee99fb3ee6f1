// Tries what a sandbox must refuse and prints, line by line, "<case> <answer>": the name of the errno, OK, or the signal that
// ended the try; "# <words>" is for people. The case numbers are those of docs/security.md.
//   attack GROUP…                      tries these groups of cases
//   attack world PROGRAM ARGUMENT…     runs the program in a network where every address of the cases answers (see world.h)
//   attack --confine LAYERS GROUP…     first puts LAYERS ("landlock", "seccomp", "landlock,seccomp", "init") on itself, without
//                                      any namespace: each layer must hold alone. Built with -DCONFINE and CLinux.
// The groups "writing", "inbound", "host", "neighbour", "workspace", "resources" and "reaching" are for a finished sandbox:
// elsewhere they may succeed; with ATTACK_OUTSIDE set, what would do harm there is left out.
#include "tries.h"
#include "tries_calls.h"
#include "tries_hoard.h"
#include "tries_host.h"
#include "tries_resources.h"
#include "world.h"
#include <sys/utsname.h>

#ifdef CONFINE
#include "clinux_harden.h"
#endif

static long abstract(void) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    static const char name[] = "nanoclaw-host-abstract";
    memcpy(to.sun_path + 1, name, sizeof name - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    errno = 0;
    return connect(fd, (struct sockaddr *)&to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof name));
}

static long mode_file(void) {
    int fd = open(in_scratch("mode"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0) close(fd);
    return fd;
}

static void try_reading(void) {
    answer("RF01", open_for("/etc/shadow", O_RDONLY));
    answer("RF02.root", open_for("/root", O_RDONLY));
    answer("RF07.root", open_for("/proc/1/root/etc/passwd", O_RDONLY));
    answer("RF07.cwd", open_for("/proc/1/cwd/", O_RDONLY));
    answer("RF07.parent", open_for(of_parent("cwd/"), O_RDONLY));
    answer("RF09", handle());
    answer("RF11.block", CALL(SYS_mknod, in_scratch("sda"), S_IFBLK | 0600, 0x800));
    answer("RF11.char", CALL(SYS_mknodat, AT_FDCWD, in_scratch("mem"), S_IFCHR | 0600, 0x101));
    char bytes[64];
    answer("RF12.syslog", CALL(SYS_syslog, 3, bytes, 64));
    answer("RF12.dev", open_for("/dev/kmsg", O_RDONLY));
    answer_content("RF12.proc", "/proc/kmsg");
    struct utsname names;
    uname(&names);
    printf("RF14.name %s\n", strcmp(names.nodename, "nanoclaw") == 0 ? "NANOCLAW" : "OTHER");
    answer("RF13.init", open_for("/proc/1/environ", O_RDONLY));
    answer("RF13.parent", open_for(of_parent("environ"), O_RDONLY));
    answer_content("RF16.kcore", "/proc/kcore");
    answer_content("RF16.kallsyms", "/proc/kallsyms");
    answer_content("RF16.keys", "/proc/keys");
    answer_content("RF16.timer_list", "/proc/timer_list");
    printf("RF17 %d\n", count_entries("/proc", 1));
    printf("RF18.tcp %d\n", count_lines("/proc/net/tcp"));
    printf("RF18.unix %d\n", count_named_sockets());
    printf("RF19 %d\n", count_entries("/sys", 0));
}

static void try_writing(void) {
    answer("WR01.usr", open_for("/usr/bin/nanoclaw-x", O_CREAT | O_WRONLY));
    answer("WR01.root", open_for("/nanoclaw-x", O_CREAT | O_WRONLY));
    answer("WR01.preload", open_for("/etc/ld.so.preload", O_CREAT | O_WRONLY));
    answer("WR02", open_for("/dev/nanoclaw-x", O_CREAT | O_WRONLY));
}

static void try_modes(void) {
    // Without the file WR04.plain is not allowed either.
    mode_file();
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
    unsigned long long how[3] = {O_CREAT | O_WRONLY, 06755, 0};
    answer("WR06.openat2", CALL(SYS_openat2, AT_FDCWD, set, how, sizeof how));
    answer("WR08", CALL(SYS_mknod, in_scratch("whiteout"), S_IFCHR, 0));
    unlink(in_scratch("whiteout"));
    answer("WR08.fifo", CALL(SYS_mknod, in_scratch("fifo"), S_IFIFO | 0600, 0));
    unlink(set);
    unlink(in_scratch("fifo"));
    unlink(in_scratch("mode"));
}

// `path` is a file on a mount that is read-only for the sandbox, whose directory is `directory`.
static void try_inbound(const char *directory, const char *file) {
    char path[512], other[512];
    snprintf(path, sizeof path, "%s/%s", directory, file);
    snprintf(other, sizeof other, "%s/%s-journal", directory, file);
    answer("IN04", CALL(SYS_link, path, in_scratch("alias")));
    unlink(in_scratch("alias"));
    // SQLite's shared lock. It is granted: that nobody waits for it is the host's part.
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct flock shared = {.l_type = F_RDLCK, .l_start = 0x40000002, .l_len = 510};
    answer("IN06", fcntl(fd, F_SETLK, &shared));
    if (fd >= 0) close(fd);
    answer("IN02", open_for(other, O_CREAT | O_WRONLY));
    answer("IN03.chmod", CALL(SYS_chmod, path, 0777));
    answer("IN03.utime", CALL(SYS_utimensat, AT_FDCWD, path, 0, 0));
    answer("IN03.write", open_for(path, O_WRONLY));
    answer("IN03.rename", CALL(SYS_rename, path, other));
    answer("IN03.unlink", CALL(SYS_unlink, path));
}

static void try_proc(void) {
    answer("PR01", open_for("/proc/sys/kernel/core_pattern", O_WRONLY));
    answer("PR03", open_for("/proc/sysrq-trigger", O_WRONLY));
    answer("PR04.limits", open_for("/proc/sys/user/max_user_namespaces", O_WRONLY));
    answer("PR04.forward", open_for("/proc/sys/net/ipv4/ip_forward", O_WRONLY));
    in_child("PR06", unmask);
    static const char *const types[] = {"proc", "sysfs", "cgroup", "overlay", "tmpfs"};
    for (size_t index = 0; index < sizeof types / sizeof *types; index++) {
        char name[32];
        snprintf(name, sizeof name, "PR07.%s", types[index]);
        mounted_type = types[index];
        in_child(name, mount_type);
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
    answer("PR12.init", open_for("/proc/1/ns/mnt", O_RDONLY));
    answer("PR12.parent", open_for(of_parent("ns/mnt"), O_RDONLY));
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
    answer("NW07.netfilter", CALL(SYS_socket, AF_NETLINK, SOCK_RAW, 12));
    answer("NW07.generic", CALL(SYS_socket, AF_NETLINK, SOCK_RAW, 16));
    answer("NW08", abstract());
    answer("NW10", tcp("127.0.0.1", 22, 0));
    answer("NW11", tcp("169.254.169.254", 80, 0));
    answer("NW12", tcp("127.0.0.1", 3128, 1));
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
    if (count > 2 && strcmp(words[1], "world") == 0) return enter_world(words + 2);
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
        // A segment of shared memory that somebody outside has made.
        if (strcmp(words[at], "segment") == 0 && at + 1 < count)
            answer("PS19.segment", CALL(SYS_shmget, atoi(words[++at]), 0, 0));
        if (strcmp(words[at], "secret") == 0 && at + 1 < count) answer("RF02.own", open_for(words[++at], O_RDONLY));
        if (strcmp(words[at], "workspace") == 0 && at + 1 < count) try_workspace(words[++at]);
        if (strcmp(words[at], "hoard") == 0 && at + 1 < count) try_hoard(words[++at]);
        if (strcmp(words[at], "bomb") == 0) try_bomb();
        if (strcmp(words[at], "hold") == 0) hold();
        if (strcmp(words[at], "leak") == 0) answer("FD02", CALL(SYS_openat, planted, "etc/hostname", O_RDONLY));
        if (strcmp(words[at], "passing") == 0) try_passing();
        if (strcmp(words[at], "host") == 0) try_host();
        if (strcmp(words[at], "resources") == 0) try_resources();
        if (strcmp(words[at], "reaching") == 0) try_reaching();
        if (strcmp(words[at], "confined") == 0) return is_confined() ? 0 : 255;
        if (strcmp(words[at], "identity") == 0)
            printf("uid %d gid %d no_new_privs %d\n", geteuid(), getegid(), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
        if (strcmp(words[at], "modes") == 0) try_modes();
        if (strcmp(words[at], "proc") == 0) try_proc();
        if (strcmp(words[at], "network") == 0) try_network();
        if (strcmp(words[at], "privilege") == 0) try_privilege();
        if (strcmp(words[at], "terminal") == 0) try_terminal();
        if (strcmp(words[at], "pipe") == 0 && write(1, "WRITTEN\n", 8) == 8 && getppid() < 0) return 1;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
