#define _GNU_SOURCE
#include "clinux_cgroup.h"
#include "clinux_harden.h"
#include "clinux_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// The number behind `label` in a text of lines, or -1.
static int64_t number_behind(const char *text, const char *label) {
    const char *at = strstr(text, label);
    int64_t number;
    return at && sscanf(at + strlen(label), "%" SCNd64, &number) == 1 ? number : -1;
}

int64_t clinux_machine_written(void) {
    static char text[32768];
    ssize_t got = cgroup_read("/proc", "vmstat", text, sizeof text);
    if (got < 0) return got;
    int64_t dirtied = number_behind(text, "\nnr_dirtied "), out = number_behind(text, "\npgpgout ");
    return dirtied < 0 || out < 0 ? -ENODATA : dirtied * sysconf(_SC_PAGESIZE) + out * 1024;
}

int64_t clinux_processor_microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

// The directory of `name` where its processes are listed. Returns 0 or -errno.
static int listing(const char *name, char *directory) {
    int error;
    const char *v2 = cgroup_v2_place(&error);
    const char *place = v2 ? v2 : cgroup_places()->pids;
    char into[CGROUP_PATH];
    if (!cgroup_valid_name(name)) return -EINVAL;
    return place[0] ? cgroup_child_path(directory, cgroup_beneath(place, into), name) : -ENOENT;
}

// Bytes that one process has made dirty or written past the cache.
static int64_t written_by(const char *pid) {
    char process[32], text[512];
    snprintf(process, sizeof process, "/proc/%s", pid);
    // One that has just ended counts with its parent.
    if (cgroup_read(process, "io", text, sizeof text) < 0) return 0;
    int64_t bytes = number_behind(text, "\nwrite_bytes: ");
    return bytes > 0 ? bytes : 0;
}

int64_t clinux_cgroup_written(const char *name, int64_t milliseconds) {
    char directory[CGROUP_PATH], path[CGROUP_PATH + 64], part[4096], pid[16];
    int result = listing(name, directory);
    if (result < 0) return result;
    snprintf(path, sizeof path, "%s/cgroup.procs", directory);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    int64_t sum = 0, deadline = clinux_milliseconds() + milliseconds;
    size_t length = 0;
    ssize_t got = 0;
    while (sum >= 0 && (got = read(fd, part, sizeof part)) > 0) {
        for (ssize_t at = 0; at < got && sum >= 0; at++) {
            if (part[at] != '\n') {
                if (length + 1 < sizeof pid) pid[length++] = part[at];
                continue;
            }
            pid[length] = 0;
            length = 0;
            sum += written_by(pid);
            if (clinux_milliseconds() > deadline) sum = -ETIME;
        }
    }
    if (got < 0) sum = -errno;
    close(fd);
    return sum;
}

// The freezer's file of cgroup `name`, and the words for it. Returns 0 or -errno.
static int freezer(const char *name, char *directory, const char **file, const char *words[2]) {
    int error;
    const char *v2 = cgroup_v2_place(&error);
    const char *place = v2 ? v2 : cgroup_places()->freezer;
    char into[CGROUP_PATH];
    if (!cgroup_valid_name(name)) return -EINVAL;
    *file = v2 ? "cgroup.freeze" : cgroup_freezer_v1;
    words[0] = v2 ? "0" : cgroup_thawed_v1;
    words[1] = v2 ? "1" : "FROZEN";
    return place[0] ? cgroup_child_path(directory, cgroup_beneath(place, into), name) : -ENOENT;
}

int clinux_cgroup_freeze(const char *name, int frozen) {
    char directory[CGROUP_PATH];
    const char *file, *words[2];
    int result = freezer(name, directory, &file, words);
    return result == 0 ? cgroup_write(directory, file, words[frozen != 0]) : result;
}

int clinux_cgroup_thawer(const char *name) {
    char directory[CGROUP_PATH], path[CGROUP_PATH + 64];
    const char *file, *words[2];
    int result = freezer(name, directory, &file, words);
    if (result < 0) return result;
    snprintf(path, sizeof path, "%s/%s", directory, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

void clinux_cgroup_thaw(int thawer) {
    // Each hierarchy knows one of the words, and takes no other.
    if (write(thawer, cgroup_thawed_v1, strlen(cgroup_thawed_v1)) < 0 && write(thawer, "0", 1) < 0) return;
}
