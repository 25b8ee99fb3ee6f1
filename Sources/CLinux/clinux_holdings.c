#define _GNU_SOURCE
#include "clinux_filesystem.h"
#include "clinux_harden.h"
#include "clinux_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { SEEN = 1 << 16, MOST_PROCESSES = 1 << 15, TMPFS = 0x01021994 };

struct look {
    uint64_t device, memory, tmp, shm;
    int64_t since, deadline, looked;
    struct clinux_holdings *held;
    size_t count;
    struct {
        uint64_t device, inode;
    } seen[SEEN];
};

static uint64_t device_of(const char *path) {
    struct stat status;
    return stat(path, &status) < 0 ? 0 : status.st_dev;
}

static ssize_t read_text(const char *path, char *text, size_t size) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -errno;
    ssize_t got = read(file, text, size - 1);
    close(file);
    text[got < 0 ? 0 : got] = 0;
    return got;
}

// Whether it comes for the first time. Of more than there is room for each counts as often as it comes.
static int is_new(struct look *look, uint64_t device, uint64_t inode) {
    if (look->count > SEEN / 4 * 3) return 1;
    size_t at = (inode * 0x9E3779B97F4A7C15u ^ device) % SEEN;
    for (; look->seen[at].inode; at = (at + 1) % SEEN)
        if (look->seen[at].inode == inode && look->seen[at].device == device) return 0;
    look->seen[at].device = device;
    look->seen[at].inode = inode;
    look->count++;
    return 1;
}

static int is_late(const struct look *look) {
    return look->deadline > 0 && clinux_processor_microseconds() > look->deadline;
}

static void descriptors(struct look *look, const char *thread) {
    char path[96];
    struct clinux_holdings *held = look->held;
    snprintf(path, sizeof path, "%.80s/fd", thread);
    DIR *list = opendir(path);
    if (!list) return;
    for (struct dirent *entry; (entry = readdir(list));) {
        struct stat status;
        if (entry->d_name[0] == '.') continue;
        if (++look->looked % 256 == 0 && is_late(look)) break;
        if (fstatat(dirfd(list), entry->d_name, &status, 0) < 0) continue;
        if (S_ISSOCK(status.st_mode) || S_ISFIFO(status.st_mode)) {
            held->channels += is_new(look, status.st_dev, status.st_ino);
        } else if (S_ISREG(status.st_mode) && status.st_nlink == 0) {
            if (status.st_dev != look->device && status.st_dev != look->memory) continue;
            if (!is_new(look, status.st_dev, status.st_ino)) continue;
            int64_t bytes = (int64_t)status.st_blocks * 512, recent = status.st_ctim.tv_sec >= look->since;
            if (status.st_dev == look->memory) {
                held->memory += bytes;
            } else {
                held->bytes += bytes;
                held->files++;
                held->recent_bytes += recent * bytes;
                held->recent_files += recent;
            }
        }
    }
    closedir(list);
}

// A tier's tmpfs, which every process of it has; not one of this process's own.
static void in_memory(struct look *look, const char *process, const char *directory) {
    char path[96];
    struct stat status;
    struct statfs about;
    snprintf(path, sizeof path, "%s/root%s", process, directory);
    if (stat(path, &status) < 0 || status.st_dev == look->tmp || status.st_dev == look->shm) return;
    if (statfs(path, &about) < 0 || about.f_type != TMPFS || !is_new(look, status.st_dev, UINT64_MAX)) return;
    look->held->memory += (int64_t)(about.f_blocks - about.f_bfree) * about.f_bsize;
}

// Threads may have descriptors of their own, and outlive the first one.
static void threads(struct look *look, const char *process) {
    char path[96];
    int seen = 0;
    snprintf(path, sizeof path, "%s/task", process);
    DIR *list = opendir(path);
    if (!list) return;
    for (struct dirent *entry; (entry = readdir(list));) {
        if (entry->d_name[0] == '.') continue;
        // One that shares the descriptors of the last has nothing to add. A kernel without the call has all looked at.
        int thread = atoi(entry->d_name);
        if (seen > 0 && syscall(SYS_kcmp, seen, thread, KCMP_FILES, 0, 0) == 0) continue;
        seen = thread;
        snprintf(path, sizeof path, "%s/task/%.16s", process, entry->d_name);
        descriptors(look, path);
    }
    closedir(list);
}

int clinux_sum_holdings(const int32_t *pids, int count, uint64_t device, int64_t since, int64_t patience,
                        struct clinux_holdings *held) {
    struct look *look = calloc(1, sizeof *look);
    struct stat status;
    if (!look) return -ENOMEM;
    memset(held, 0, sizeof *held);
    look->device = device;
    look->since = since;
    look->deadline = patience > 0 ? clinux_processor_microseconds() + patience : 0;
    look->held = held;
    look->tmp = device_of("/tmp");
    look->shm = device_of("/dev/shm");
    int memory = clinux_memfd("probe");
    if (memory >= 0) {
        look->memory = fstat(memory, &status) < 0 ? 0 : status.st_dev;
        close(memory);
    }
    for (int index = 0; index < count && !is_late(look); index++) {
        char process[32], path[48], text[512];
        snprintf(process, sizeof process, "/proc/%" PRId32, pids[index]);
        threads(look, process);
        in_memory(look, process, "/tmp");
        in_memory(look, process, "/dev/shm");
        snprintf(path, sizeof path, "%s/io", process);
        const char *at = read_text(path, text, sizeof text) < 0 ? NULL : strstr(text, "\nwrite_bytes: ");
        if (at) held->written += strtoll(at + strlen("\nwrite_bytes: "), NULL, 10);
    }
    int late = is_late(look);
    if (late) {
        held->files += look->looked;
        held->recent_files += look->looked;
    }
    free(look);
    return late;
}

int32_t clinux_parent(int32_t pid) {
    char path[48], text[512], *end;
    int32_t parent;
    snprintf(path, sizeof path, "/proc/%" PRId32 "/stat", pid);
    // The name in brackets may hold anything.
    if (read_text(path, text, sizeof text) <= 0 || !(end = strrchr(text, ')'))) return -1;
    return sscanf(end, ") %*c %" SCNd32, &parent) == 1 ? parent : -1;
}

int clinux_process_tree(int32_t root, int32_t *pids, int most) {
    struct link {
        int32_t pid, parent;
    } *all = calloc(MOST_PROCESSES, sizeof *all);
    DIR *list = all ? opendir("/proc") : NULL;
    int total = 0, count = 0;
    if (!list) {
        free(all);
        return all ? -errno : -ENOMEM;
    }
    for (struct dirent *entry; total < MOST_PROCESSES && (entry = readdir(list));) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
        all[total].pid = atoi(entry->d_name);
        all[total].parent = clinux_parent(all[total].pid);
        total += all[total].parent >= 0;
    }
    closedir(list);
    if (most > 0) pids[count++] = root;
    for (int next = 0; next < count; next++)
        for (int index = 0; index < total && count < most; index++)
            if (all[index].parent == pids[next]) pids[count++] = all[index].pid;
    free(all);
    return count;
}
