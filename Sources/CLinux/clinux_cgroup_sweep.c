#define _GNU_SOURCE
#include "clinux_cgroup.h"
#include "clinux_harden.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct directory_entry {
    uint64_t inode, offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

// Whether the spawner that made a cgroup is dead, reaped or not: its name goes on with the spawner's pid in base 36.
static int is_orphan(const char *name) {
    char process[32], text[512];
    snprintf(process, sizeof process, "/proc/%ld", strtol(name, NULL, 36));
    ssize_t got = cgroup_read(process, "stat", text, sizeof text);
    // "pid (name) state", and the name may hold anything.
    const char *name_end = got > 0 ? strrchr(text, ')') : NULL;
    return got == -ENOENT || (name_end && name_end[1] == ' ' && name_end[2] == 'Z');
}

// Removes `name` beneath `place`, which `fd` refers to, if no process is left in it. Returns whether it is gone.
static int remove_empty(int fd, const char *place, const char *name, const char *prefix) {
    char directory[CGROUP_PATH];
    if (cgroup_child_path(directory, place, name) < 0) return 0;
    // What is killed and frozen ends now; what another spawner has frozen is frozen again at its next look.
    cgroup_write(directory, cgroup_freezer_v1, cgroup_thawed_v1);
    int waits = is_orphan(name + strlen(prefix)) ? 20 : 0;
    // The kernel tells nobody of it when a v1 cgroup has lost its last process; 100 ms at most, at a spawner's start.
    const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};
    // rmdir takes only a cgroup without processes.
    while (unlinkat(fd, name, AT_REMOVEDIR) < 0) {
        if (errno != EBUSY || waits-- == 0) return 0;
        nanosleep(&pause, NULL);
    }
    return 1;
}

static int sweep_place(const char *place, const char *prefix) {
    int fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return 0;
    int removed = 0;
    _Alignas(struct directory_entry) char bytes[8192];
    long got;
    while ((got = syscall(SYS_getdents64, fd, bytes, sizeof bytes)) > 0) {
        for (long at = 0; at < got;) {
            struct directory_entry *entry = (struct directory_entry *)(bytes + at);
            at += entry->length;
            int matches = strncmp(entry->name, prefix, strlen(prefix)) == 0;
            if (matches) removed += remove_empty(fd, place, entry->name, prefix);
        }
    }
    close(fd);
    return removed;
}

int clinux_cgroup_sweep(const char *prefix) {
    if (!cgroup_valid_name(prefix)) return -EINVAL;
    const char *all[CGROUP_HIERARCHIES];
    cgroup_all_places(all);
    int removed = 0;
    for (size_t index = 0; index < CGROUP_HIERARCHIES; index++) {
        char into[CGROUP_PATH];
        const char *inner = cgroup_beneath(all[index], into);
        if (inner != all[index]) removed += sweep_place(inner, prefix);
        if (all[index][0]) removed += sweep_place(all[index], prefix);
    }
    return removed;
}
