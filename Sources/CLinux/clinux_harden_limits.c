#define _GNU_SOURCE
#include "clinux_harden.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int set_limit(int resource, uint64_t value) {
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) < 0) return -errno;
    if (limit.rlim_max == RLIM_INFINITY || value < limit.rlim_max) limit.rlim_max = value;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit((__rlimit_resource_t)resource, &limit) < 0 ? -errno : 0;
}

int clinux_raise_core_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) < 0) return -errno;
    if (limit.rlim_max >= 1) return 0;
    limit.rlim_cur = limit.rlim_max = 1;
    return setrlimit(RLIMIT_CORE, &limit) < 0 ? -errno : 0;
}

int clinux_rlimits(const struct clinux_limits *limits, int rootless) {
    (void)rootless;  // since Linux 5.14 NPROC counts in the user namespace, so that tiers of one uid do not share it
    const struct {
        int resource;
        uint64_t value;
        int wanted;
    } table[] = {
        {RLIMIT_CORE, 1, 1},
        {RLIMIT_MEMLOCK, 1 << 20, 1},
        {RLIMIT_MSGQUEUE, 0, 1},
        {RLIMIT_RTPRIO, 0, 1},
        {RLIMIT_NICE, 0, 1},
        {RLIMIT_SIGPENDING, 4096, 1},
        {RLIMIT_FSIZE, limits->file_bytes, limits->file_bytes != 0},
        {RLIMIT_NOFILE, limits->open_files, limits->open_files != 0},
        {RLIMIT_NPROC, limits->pids, limits->pids != 0},
    };
    for (size_t index = 0; index < sizeof table / sizeof *table; index++) {
        int result = table[index].wanted ? set_limit(table[index].resource, table[index].value) : 0;
        if (result < 0) return result;
    }
    return 0;
}

static int write_number(int directory, const char *name, int value) {
    int fd = openat(directory, name, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? 0 : -errno;
    char text[16];
    int length = snprintf(text, sizeof text, "%d\n", value);
    int result = write(fd, text, (size_t)length) < 0 ? -errno : 0;
    close(fd);
    return result;
}

int clinux_user_limits(const char *path, int user) {
    int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return -errno;
    const struct {
        const char *name;
        int value;
    } table[] = {
        {"max_user_namespaces", user}, {"max_mnt_namespaces", 0},     {"max_pid_namespaces", 0},
        {"max_net_namespaces", 0},     {"max_ipc_namespaces", 0},     {"max_uts_namespaces", 0},
        {"max_cgroup_namespaces", 0},  {"max_time_namespaces", 0},    {"max_inotify_instances", 32},
        {"max_inotify_watches", 8192}, {"max_fanotify_groups", 0},    {"max_fanotify_marks", 0},
    };
    int result = 0;
    for (size_t index = 0; index < sizeof table / sizeof *table && result == 0; index++) {
        result = write_number(directory, table[index].name, table[index].value);
    }
    close(directory);
    return result;
}

int clinux_ipc_limits(const char *path, uint64_t bytes) {
    int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return -errno;
    char shared[24], pages[24];
    snprintf(shared, sizeof shared, "%llu\n", (unsigned long long)bytes);
    snprintf(pages, sizeof pages, "%llu\n", (unsigned long long)bytes / (unsigned long long)sysconf(_SC_PAGESIZE));
    const char *table[][2] = {{"shmmax", shared}, {"shmall", pages}, {"msgmni", "32\n"}, {"sem", "250 32000 32 128\n"}};
    int result = 0;
    for (size_t index = 0; index < sizeof table / sizeof *table && result == 0; index++) {
        int fd = openat(directory, table[index][0], O_WRONLY | O_CLOEXEC);
        if (fd < 0) {
            result = errno == ENOENT || errno == EACCES || errno == EPERM ? 0 : -errno;
            continue;
        }
        if (write(fd, table[index][1], strlen(table[index][1])) < 0) result = -errno;
        close(fd);
    }
    close(directory);
    return result;
}

int clinux_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0; }

int clinux_keyring_detach(void) {
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0) >= 0) return 0;
    // A kernel without keyrings has nothing to reach.
    return errno == ENOSYS ? 0 : -errno;
}

const char *const clinux_proc_readonly[] = {"sys", "bus", "fs", "irq", NULL};

const char *const clinux_proc_covered[] = {
    "kcore",     "keys",       "key-users",  "kmsg",       "kallsyms",   "timer_list", "sched_debug", "latency_stats",
    "config.gz", "modules",    "kpagecount", "kpageflags", "kpagecgroup", "partitions", "diskstats",   "swaps",
    "slabinfo",  "interrupts", "softirqs",   "buddyinfo",  "pagetypeinfo", "zoneinfo",  "vmallocinfo", "iomem",
    "ioports",   "schedstat",  "locks",      "sysrq-trigger", NULL};

const char *const clinux_proc_emptied[] = {"acpi", "scsi", "pressure", "driver", "asound", "tty", "sysvipc", NULL};
