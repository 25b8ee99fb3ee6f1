// Shared by the files about cgroups: where the hierarchies are, and writing to their files.
#ifndef CLINUX_CGROUP_H
#define CLINUX_CGROUP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_PATH 512

// The directories beneath which sessions get their cgroups. An empty one is not to be had.
struct cgroup_places {
    char v2[CGROUP_PATH];
    char memory[CGROUP_PATH], pids[CGROUP_PATH], cpu[CGROUP_PATH], freezer[CGROUP_PATH];  // v1, a hierarchy for each controller
};

// How many hierarchies there may be: v2 and those of v1.
#define CGROUP_HIERARCHIES 5

// The places of all hierarchies, v2 first, and only where it can be used. An empty one is not to be had. The freezer of v1 comes before
// the others: what is frozen in it leaves none of them.
void cgroup_all_places(const char *all[CGROUP_HIERARCHIES]);

// What v1 stops and lets go on a cgroup's processes by: the file, and the word for going on.
#define cgroup_freezer_v1 "freezer.state"
#define cgroup_thawed_v1 "THAWED"

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

// Writes a decimal number. Returns 0 or -errno.
int cgroup_write_number(const char *directory, const char *name, uint64_t value);

// Whether `name` is [A-Za-z0-9_-], 1 to 64 of them.
int cgroup_valid_name(const char *name);

// Puts `place/name` into `into`, CGROUP_PATH bytes. Returns 0 or -ENAMETOOLONG.
int cgroup_child_path(char *into, const char *place, const char *name);

// The same, and makes the directory if it is not there. Returns 0 or -errno.
int cgroup_make(char *into, const char *place, const char *name);

// The delegated v2 directory with its controllers on, found once; NULL with `error` when there is none.
const char *cgroup_v2_place(int *error);

// Where the cgroups of sessions are: beneath the one that bounds them all, if there is one; may be `place` itself.
const char *cgroup_beneath(const char *place, char *into);

// Makes the cgroup that bounds all others beneath `place`, with this limit in `file` unless it is NULL or 0; nothing when none
// bounds them. Returns 0 or -errno.
int cgroup_bound(const char *place, const char *file, uint64_t limit);

// The limits of all together: bytes of memory, 0 for none; processes and threads, half of what the kernel allows.
uint64_t cgroup_bound_memory(void);
uint64_t cgroup_most_processes(void);

#endif
