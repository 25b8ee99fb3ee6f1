// Shared by the files about cgroups: where the hierarchies are, and writing to their files.
#ifndef CLINUX_CGROUP_H
#define CLINUX_CGROUP_H

#include <stddef.h>
#include <sys/types.h>

#define CGROUP_PATH 512

// The directories beneath which sessions get their cgroups. An empty one is not to be had.
struct cgroup_places {
    char v2[CGROUP_PATH];
    char memory[CGROUP_PATH], pids[CGROUP_PATH], cpu[CGROUP_PATH];  // v1, one hierarchy for each controller
};

// The places of the calling process: the cgroups that it is in itself. Found once.
const struct cgroup_places *cgroup_places(void);

// Finds them in the text of /proc/self/mountinfo and /proc/self/cgroup. Both texts are changed.
void cgroup_find(char *mountinfo, char *membership, struct cgroup_places *places);

// Reads file `name` of `directory` into `into`, ended by a 0 byte. Returns the length or -errno.
ssize_t cgroup_read(const char *directory, const char *name, char *into, size_t room);

// Writes `text` to file `name` of `directory`. Returns 0 or -errno.
int cgroup_write(const char *directory, const char *name, const char *text);

// Whether the blank-separated `list` has `word`.
int cgroup_lists(const char *list, const char *word);

#endif
