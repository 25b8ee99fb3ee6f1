#include "clinux_cgroup.h"
#include "clinux_harden.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/sysinfo.h>
#include <unistd.h>

static char bound_name[65];
static uint64_t bound_memory;

const char *cgroup_beneath(const char *place, char *into) {
    if (!bound_name[0] || !place[0]) return place;
    return cgroup_child_path(into, place, bound_name) < 0 ? "" : into;
}

static uint64_t number_in(const char *directory, const char *name) {
    char text[64];
    uint64_t number = 0;
    return cgroup_read(directory, name, text, sizeof text) > 0 && sscanf(text, "%" SCNu64, &number) == 1 ? number : 0;
}

uint64_t clinux_cgroup_share(void) {
    struct sysinfo machine;
    uint64_t bytes = sysinfo(&machine) == 0 ? (uint64_t)machine.totalram * machine.mem_unit : UINT64_C(1) << 30;
    const struct cgroup_places *places = cgroup_places();
    // "max" is no number.
    uint64_t v2 = places->v2[0] ? number_in(places->v2, "memory.max") : 0;
    uint64_t v1 = places->memory[0] ? number_in(places->memory, "memory.limit_in_bytes") : 0;
    if (v2 && v2 < bytes) bytes = v2;
    if (v1 && v1 < bytes) bytes = v1;
    return bytes / 4 * 3;
}

int clinux_cgroup_bound(const char *name, uint64_t memory_bytes) {
    if (!cgroup_valid_name(name)) return -EINVAL;
    snprintf(bound_name, sizeof bound_name, "%s", name);
    bound_memory = memory_bytes;
    return 0;
}

int cgroup_bound(const char *place, const char *file, uint64_t limit) {
    char directory[CGROUP_PATH];
    if (!bound_name[0]) return 0;
    int result = cgroup_make(directory, place, bound_name);
    // Written each time, as whoever came first may have been another host of this home, configured otherwise.
    return result == 0 && file && limit ? cgroup_write_number(directory, file, limit) : result;
}

uint64_t cgroup_most_processes(void) {
    uint64_t threads = number_in("/proc/sys/kernel", "threads-max"), ids = number_in("/proc/sys/kernel", "pid_max");
    uint64_t most = threads && threads < ids ? threads : ids;
    return most / 2;
}

uint64_t cgroup_bound_memory(void) { return bound_memory; }

void clinux_cgroup_unbound(void) {
    const char *all[CGROUP_HIERARCHIES];
    cgroup_all_places(all);
    for (size_t index = 0; index < CGROUP_HIERARCHIES; index++) {
        char into[CGROUP_PATH];
        const char *inner = cgroup_beneath(all[index], into);
        if (inner != all[index]) rmdir(inner);
    }
}
