// Tries of what the host has and the sandbox must not show: files, devices, kernel settings, control groups, sockets.
// Only for a finished sandbox: freezing a file system would succeed where only the filters stand in the way.
#ifndef ATTACK_TRIES_HOST_H
#define ATTACK_TRIES_HOST_H

#include "tries.h"
#include <linux/fs.h>
#include <sys/ioctl.h>

static long unix_connect(const char *path) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    errno = 0;
    long result = connect(fd, (struct sockaddr *)&to, sizeof to);
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

// One answer for a list of paths that must all be absent: ENOENT; else the path that succeeds, or the first that is there.
static void answer_absent(const char *name, const char *const *paths, long (*try)(const char *)) {
    char other[256] = "ENOENT";
    for (; *paths; paths++) {
        if (try(*paths) >= 0) {
            snprintf(other, sizeof other, "%s OK", *paths);
            break;
        }
        const char *error = strerrorname_np(errno);
        if (errno != ENOENT && strcmp(other, "ENOENT") == 0) snprintf(other, sizeof other, "%s %s", *paths, error);
    }
    printf("%s %s\n", name, other);
}

static long opens(const char *path) { return open_for(path, O_RDONLY); }
static long opens_for_writing(const char *path) { return open_for(path, O_WRONLY); }

static long write_text(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    errno = 0;
    long result = write(fd, text, strlen(text));
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

static long freeze(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return -1;
    errno = 0;
    return ioctl(fd, FIFREEZE, 0);
}

// EXT4_IOC_RESIZE_FS, to one block: refused to all who may not, and to the others as too few. ENOTTY elsewhere than on ext4.
static long resize(const char *path) {
    unsigned long long blocks = 1;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return -1;
    errno = 0;
    return ioctl(fd, _IOW('f', 16, unsigned long long), &blocks);
}

// ROOT when every hierarchy shows the sandbox's own group as its root.
static void answer_own_groups(void) {
    FILE *file = fopen("/proc/self/cgroup", "r");
    char line[4096];
    int lines = 0, named = 0;
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        size_t length = strlen(line);
        lines++;
        named += length < 2 || strcmp(line + length - 2, ":/") != 0;
    }
    if (file) fclose(file);
    printf("NS15.own %s\n", lines == 0 ? "NONE" : named ? "PATH" : "ROOT");
}

// In a child, which is not missed when memory runs out.
static long lower_oom_score(void) {
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return write_text("/proc/self/oom_score_adj", "-500");
}

static long mount_group(void) {
    long result = CALL(SYS_mount, "c", scratch, "cgroup", 0, "memory");
    if (result == 0) umount2(scratch, MNT_DETACH);
    return result;
}

static void answer_moved(const char *name, const char *from, const char *to) {
    long result = CALL(SYS_rename, from, to);
    answer(name, result);
    if (result == 0) rename(to, from);
}

static void try_host(void) {
    static const char *const old_roots[] = {"/oldroot", "/.put_old", "/old_root", "/mnt/oldroot", 0};
    static const char *const disks[] = {"/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/mem", "/dev/port", "/dev/loop0", 0};
    static const char *const power[] = {"/sys/class/powercap", "/sys/class/thermal", "/dev/cpu/0/msr", 0};
    static const char *const groups[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/cgroup.procs", 0};
    static const char *const agents[] = {
        "/sys/fs/cgroup/release_agent", "/sys/fs/cgroup/memory/release_agent", "/sys/kernel/uevent_helper", 0};
    static const char *const sockets[] = {
        "/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock", "/run/dbus/system_bus_socket",
        "/run/systemd/private", "/run/user/1000/bus", "/tmp/.X11-unix/X0", "/tmp/ssh-agent.sock", 0};

    answer("RF08.pivot", CALL(SYS_pivot_root, "/", "/"));
    answer_absent("RF08.old", old_roots, opens);
    answer_absent("RF10", disks, opens);
    char target[256] = "";
    long length = readlink("/proc/self/fd/1", target, sizeof target - 1);
    printf("RF15 %s\n", length > 0 && strncmp(target, "pipe:[", 6) == 0 ? "PIPE" : "FILE");

    answer("PR02.modprobe", open_for("/proc/sys/kernel/modprobe", O_WRONLY));
    answer("PR02.binfmt", open_for("/proc/sys/fs/binfmt_misc/register", O_WRONLY));
    answer("PR02.poweroff", open_for("/proc/sys/kernel/poweroff_cmd", O_WRONLY));
    answer("PR02.uevent", open_for("/sys/kernel/uevent_helper", O_WRONLY));
    in_child("PR05.lower", lower_oom_score);
    // A worse score for somebody else does the same.
    answer("PR05.parent", write_text(of_parent("oom_score_adj"), "0"));
    answer("PR09.readlink", readlink("/proc/1/exe", target, sizeof target));
    answer("PR09.open", open_for("/proc/1/exe", O_RDONLY));
    answer("PR09.parent", readlink(of_parent("exe"), target, sizeof target));
    answer_absent("PR11", power, opens);

    if (!is_outside()) {
        answer("WR10.scratch", freeze(scratch));
        answer("WR10.workspace", freeze("/workspace"));
        answer("WR10.resize", resize("/workspace/instructions"));
        answer_moved("WR15.inbound", "/workspace/inbound", "/workspace/moved");
        answer_moved("WR15.workspace", "/workspace", "/moved");
        answer("CF01", open_for("/etc/ld.so.preload", O_CREAT | O_WRONLY));
        unlink("/etc/ld.so.preload");
    }

    in_child("NS14.mount", mount_group);
    answer_absent("NS14.agent", agents, opens_for_writing);
    answer_absent("NS15.mounted", groups, opens);
    answer_own_groups();

    answer_absent("NW09", sockets, unix_connect);
    int told = getenv("SSH_AUTH_SOCK") || getenv("DBUS_SESSION_BUS_ADDRESS") || getenv("DISPLAY") || getenv("DOCKER_HOST");
    printf("NW09.environment %s\n", told ? "SET" : "UNSET");
}

// `pid` is a process that lives on the host, `path` a socket on which the host listens.
static void try_neighbour(const char *pid, const char *path) {
    answer("PS02", CALL(SYS_kill, atoi(pid), SIGCONT));
    answer("NW09.host", unix_connect(path));
}

#endif
