#define _GNU_SOURCE
#include "clinux_cgroup.h"
#include "clinux_harden.h"
#include "clinux_spawn.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

// Text that grows up to a bound and is cut there.
struct text {
    char *bytes;
    size_t size, length;
};

__attribute__((format(printf, 2, 3))) static void append(struct text *text, const char *format, ...) {
    if (text->length >= text->size) return;
    __builtin_va_list arguments;
    __builtin_va_start(arguments, format);
    int added = vsnprintf(text->bytes + text->length, text->size - text->length, format, arguments);
    __builtin_va_end(arguments);
    if (added > 0) text->length += (size_t)added;
    if (text->length >= text->size) text->length = text->size - 1;
}

static void rule_out(struct text *ruled_out, const char *layer, const char *step, int error) {
    const char *name = strerrorname_np(-error);
    append(ruled_out, "%s%s: %s: %s (%d)", ruled_out->length ? "\n" : "", layer, step, name ? name : "?", -error);
}

int cgroup_valid_name(const char *name) {
    size_t length = strlen(name);
    if (length == 0 || length > 64) return 0;
    for (size_t index = 0; index < length; index++) {
        if (!isalnum((unsigned char)name[index]) && name[index] != '-' && name[index] != '_') return 0;
    }
    return 1;
}

int cgroup_child_path(char *into, const char *place, const char *name) {
    return (size_t)snprintf(into, CGROUP_PATH, "%s/%s", place, name) < CGROUP_PATH ? 0 : -ENAMETOOLONG;
}

int cgroup_make(char *into, const char *place, const char *name) {
    int result = cgroup_child_path(into, place, name);
    if (result < 0) return result;
    // One that is left of a session of the same name has no process any more, and gets its limits anew.
    return mkdir(into, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

int cgroup_write_number(const char *directory, const char *name, uint64_t value) {
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return cgroup_write(directory, name, text);
}

// MARK: - v2

// Where the processes of a place go, so that it can have cgroups beneath it.
static const char host_leaf[] = "nanoclaw-host";

// Whether the system's service manager has given this cgroup away, which it marks in an attribute.
static int is_marked(const char *place) {
    char mark[8];
    ssize_t length = getxattr(place, "user.delegate", mark, sizeof mark);
    if (length < 0) length = getxattr(place, "trusted.delegate", mark, sizeof mark);
    return length == 1 && mark[0] == '1';
}

// A user's service manager marks nothing (systemd's src/core/cgroup.c), so there our own unit says it.
static int is_told(void) {
    const char *word = getenv("NANOCLAW_CGROUP");
    return word && strcmp(word, "delegated") == 0;
}

static int is_host_leaf(const char *place) {
    const char *slash = strrchr(place, '/');
    return slash && strcmp(slash + 1, host_leaf) == 0;
}

// A cgroup that may have cgroups beneath it cannot hold processes itself. Where the service manager has given this one to
// us, those in it go to a cgroup of their own.
static int vacate(const char *place) {
    if (!is_marked(place) && !(is_told() && !is_host_leaf(place))) return -EBUSY;
    char own[CGROUP_PATH], processes[16384];
    int result = cgroup_make(own, place, host_leaf);
    if (result < 0) return result;
    ssize_t got = cgroup_read(place, "cgroup.procs", processes, sizeof processes);
    if (got < 0) return (int)got;
    char *rest = processes;
    for (char *line = strtok_r(rest, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        result = cgroup_write(own, "cgroup.procs", line);
        if (result < 0 && result != -ESRCH) return result;
    }
    return 0;
}

// Makes `controllers` ("+memory +pids") usable beneath `place`. -ENOENT: they are not there.
static int enable(const char *place, const char *controllers) {
    char available[256], enabled[256], wanted[128], *rest = wanted;
    ssize_t got = cgroup_read(place, "cgroup.controllers", available, sizeof available);
    if (got < 0) return (int)got;
    got = cgroup_read(place, "cgroup.subtree_control", enabled, sizeof enabled);
    if (got < 0) return (int)got;
    snprintf(wanted, sizeof wanted, "%s", controllers);
    int missing = 0;
    for (char *word = strtok_r(rest, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (!cgroup_lists(available, word + 1)) return -ENOENT;
        missing |= !cgroup_lists(enabled, word + 1);
    }
    if (!missing) return 0;
    int result = cgroup_write(place, "cgroup.subtree_control", controllers);
    if (result == -EBUSY) {
        result = vacate(place);
        if (result == 0) result = cgroup_write(place, "cgroup.subtree_control", controllers);
    }
    return result;
}

// The place beneath which v2 cgroups with `controllers` can be made: this process's cgroup, or its parent where the service
// manager has put us into a leaf of what it gave to us.
static int find_v2(const char *own, const char *controllers, char *place) {
    if (!own[0]) return -ENOENT;
    snprintf(place, CGROUP_PATH, "%s", own);
    int result = enable(place, controllers);
    if (result == 0) result = access(place, W_OK) < 0 ? -errno : 0;
    if (result == 0) return 0;
    char *slash = strrchr(place, '/');
    int is_ours = is_told() && is_host_leaf(place);
    if (slash && slash != place) {
        *slash = 0;
        if ((is_ours || is_marked(place)) && enable(place, controllers) == 0 && access(place, W_OK) == 0) return 0;
    }
    place[0] = 0;
    return result;
}

static int make_v2(char *directory, const char *outer, const char *place, const char *name) {
    int result = cgroup_bound(outer, "memory.max", cgroup_bound_memory());
    if (result == 0) result = cgroup_bound(outer, "pids.max", cgroup_most_processes());
    if (result == 0 && place != outer) result = enable(place, "+memory +pids");
    return result == 0 ? cgroup_make(directory, place, name) : result;
}

static int create_v2(const char *outer, const char *name, const struct clinux_limits *limits, struct text *what) {
    char directory[CGROUP_PATH], text[64], into[CGROUP_PATH];
    const char *place = cgroup_beneath(outer, into);
    int result = -ENOENT;
    // Another spawner of this home may just be removing what bounds them.
    for (int attempt = 0; attempt < 3 && result == -ENOENT; attempt++) result = make_v2(directory, outer, place, name);
    if (result < 0) return result;
    if (result == 0 && limits->memory_bytes) {
        result = cgroup_write_number(directory, "memory.max", limits->memory_bytes);
        // A kernel without swap accounting has no such file.
        if (result == 0) result = cgroup_write(directory, "memory.swap.max", "0");
        if (result == -ENOENT) result = 0;
    }
    if (result == 0 && limits->pids) result = cgroup_write_number(directory, "pids.max", limits->pids);
    if (result < 0) {
        rmdir(directory);
        return result;
    }
    // Since Linux 5.2.
    int has_freezer = cgroup_write(directory, "cgroup.freeze", "0") == 0;
    append(what, "v2 memory,swap,pids%s", has_freezer ? ",freezer" : "");
    int has_cpu = enable(outer, "+cpu") == 0 && (place == outer || enable(place, "+cpu") == 0);
    if (limits->cpu_percent && has_cpu) {
        snprintf(text, sizeof text, "%" PRIu32 " 100000", limits->cpu_percent * 1000);
        if (cgroup_write(directory, "cpu.max", text) == 0) append(what, ",cpu");
    }
    return 0;
}

const char *cgroup_v2_place(int *error) {
    static char place[CGROUP_PATH];
    static int state = 1;
    if (state == 1) state = find_v2(cgroup_places()->v2, "+memory +pids", place);
    *error = state;
    return state == 0 ? place : NULL;
}

// MARK: - v1

static int limit_memory_v1(const char *directory, const struct clinux_limits *limits, int *swap) {
    int result = limits->memory_bytes ? cgroup_write_number(directory, "memory.limit_in_bytes", limits->memory_bytes) : 0;
    if (result < 0 || !limits->memory_bytes) return result;
    *swap = cgroup_write_number(directory, "memory.memsw.limit_in_bytes", limits->memory_bytes) == 0 ||
        cgroup_write_number(directory, "memory.swappiness", 0) == 0;
    return 0;
}

static int limit_cpu_v1(const char *directory, const struct clinux_limits *limits) {
    if (!limits->cpu_percent) return 0;
    int result = cgroup_write_number(directory, "cpu.cfs_period_us", 100000);
    return result < 0 ? result : cgroup_write_number(directory, "cpu.cfs_quota_us", limits->cpu_percent * UINT64_C(1000));
}

// Returns a bit for each of memory, pids, cpu and freezer that is in force.
static int create_v1(const char *name, const struct clinux_limits *limits, struct text *what, struct text *ruled_out) {
    const struct cgroup_places *places = cgroup_places();
    const char *const hierarchies[] = {places->memory, places->pids, places->cpu, places->freezer};
    const char *const names[] = {"memory", "pids", "cpu", "freezer"};
    int in_force = 0, swap = 0;
    for (int index = 0; index < 4; index++) {
        char directory[CGROUP_PATH], into[CGROUP_PATH];
        const char *const files[] = {"memory.limit_in_bytes", "pids.max", NULL, NULL};
        const uint64_t most[] = {cgroup_bound_memory(), index == 1 ? cgroup_most_processes() : 0, 0, 0};
        int result = -ENOENT;
        // Another spawner of this home may just be removing what bounds them.
        for (int attempt = 0; attempt < 3 && result == -ENOENT && hierarchies[index][0]; attempt++) {
            result = cgroup_bound(hierarchies[index], files[index], most[index]);
            if (result == 0) result = cgroup_make(directory, cgroup_beneath(hierarchies[index], into), name);
        }
        if (result == 0) {
            if (index == 0) result = limit_memory_v1(directory, limits, &swap);
            if (index == 1 && limits->pids) result = cgroup_write_number(directory, "pids.max", limits->pids);
            if (index == 2) result = limit_cpu_v1(directory, limits);
            if (result < 0) rmdir(directory);
        }
        if (result < 0) {
            rule_out(ruled_out, "cgroup v1", names[index], result);
            continue;
        }
        append(what, "%s%s%s", in_force ? "," : "v1 ", names[index], index == 0 && swap ? ",swap" : "");
        in_force |= 1 << index;
    }
    return in_force;
}

// MARK: - Sessions

int clinux_cgroup_create(
    const char *name, const struct clinux_limits *limits, char *what, size_t what_size, char *ruled_out,
    size_t ruled_out_size) {
    if (!cgroup_valid_name(name) || what_size == 0 || ruled_out_size == 0) return -EINVAL;
    struct text used = {what, what_size, 0}, refused = {ruled_out, ruled_out_size, 0};
    what[0] = ruled_out[0] = 0;
    int result;
    const char *place = cgroup_v2_place(&result);
    const char *step = "memory and pids controllers for this service";
    if (place) {
        result = create_v2(place, name, limits, &used);
        if (result == 0) return 0;
        step = "limits of a new cgroup";
    }
    rule_out(&refused, "cgroup v2", step, result);
    return (create_v1(name, limits, &used, &refused) & 3) == 3 ? 0 : 1;
}

// Calls `visit` with the directory of `name` in every hierarchy in which it exists, until one answers with an error.
static int each(const char *name, int (*visit)(const char *directory, void *context), void *context) {
    if (!cgroup_valid_name(name)) return -EINVAL;
    const char *all[CGROUP_HIERARCHIES];
    cgroup_all_places(all);
    int result = 0;
    for (size_t index = 0; index < CGROUP_HIERARCHIES && result == 0; index++) {
        char directory[CGROUP_PATH], into[CGROUP_PATH];
        if (!all[index][0]) continue;
        result = cgroup_child_path(directory, cgroup_beneath(all[index], into), name);
        if (result == 0 && access(directory, F_OK) == 0) result = visit(directory, context);
    }
    return result;
}

// A single-threaded process that moves itself by `tasks` needs no lock on all of the machine's processes. Writing the pid of
// another to cgroup.procs takes that lock, and with it an RCU grace period of 8-12 ms: see cgroup_procs_write_start() in
// the kernel's kernel/cgroup/cgroup.c.
static int enter_v1(const char *place) { return cgroup_write(place, "tasks", "0"); }

// Into the v1 cgroups `name`, or out of them to where this process was.
static int move_v1(const char *name, int enters) {
    const char *all[CGROUP_HIERARCHIES];
    cgroup_all_places(all);
    int result = 0;
    // The first is v2's.
    for (int index = 1; index < CGROUP_HIERARCHIES && result == 0; index++) {
        char directory[CGROUP_PATH], into[CGROUP_PATH];
        if (!all[index][0]) continue;
        result = cgroup_child_path(directory, cgroup_beneath(all[index], into), name);
        // One in which it could not be made is not to be written either.
        if (result == 0 && access(directory, F_OK) == 0) result = enter_v1(enters ? directory : all[index]);
    }
    return result;
}

// The directory of v2 cgroup `name`, or -1 where there is none.
static int open_v2(const char *name) {
    int error;
    const char *place = cgroup_v2_place(&error);
    char directory[CGROUP_PATH], into[CGROUP_PATH];
    if (!place || cgroup_child_path(directory, cgroup_beneath(place, into), name) < 0) return -1;
    return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

pid_t clinux_cgroup_clone(const char *name, uint64_t flags, int *pidfd) {
    if (!cgroup_valid_name(name)) return -EINVAL;
    int v2 = open_v2(name);
    int entered = move_v1(name, 1);
    pid_t pid = entered < 0 ? entered : clinux_clone_into(flags, pidfd, v2);
    if (pid == 0) return 0;
    if (v2 >= 0) close(v2);
    int left = move_v1(name, 0);
    if (left == 0 || pid < 0) return pid;
    // This process must not be what the session's limits kill.
    kill(pid, SIGKILL);
    return left;
}

static int kill_all(const char *directory) {
    if (cgroup_write(directory, "cgroup.kill", "1") == 0) return 0;
    char processes[16384], *rest = processes;
    ssize_t got = cgroup_read(directory, "cgroup.procs", processes, sizeof processes);
    if (got < 0) return (int)got;
    for (char *line = strtok_r(rest, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        pid_t pid = (pid_t)strtol(line, NULL, 10);
        // 0 stands for a process of another pid namespace.
        if (pid > 1) kill(pid, SIGKILL);
    }
    return 0;
}

static int remove_directory(const char *directory, void *context) {
    (void)context;
    const struct timespec pause = {.tv_nsec = 2 * 1000 * 1000};
    for (int attempt = 0; attempt < 1000; attempt++) {
        if (rmdir(directory) == 0 || errno == ENOENT) return 0;
        if (errno != EBUSY) return -errno;
        kill_all(directory);
        nanosleep(&pause, NULL);
    }
    return -EBUSY;
}

int clinux_cgroup_remove(const char *name) {
    // In v1 a frozen process dies of SIGKILL only when it goes on.
    clinux_cgroup_freeze(name, 0);
    return each(name, remove_directory, NULL);
}
