#define _GNU_SOURCE
#include "clinux_harden.h"
#include "clinux_without.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <unistd.h>

#define ST_READONLY 1

// Reads a file of /proc whole, at most `room - 1` bytes, and ends it with a 0 byte.
static ssize_t slurp(const char *path, char *into, size_t room) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    size_t filled = 0;
    ssize_t got = 0;
    while (filled + 1 < room && (got = read(fd, into + filled, room - 1 - filled)) > 0) filled += (size_t)got;
    int failed = got < 0 ? -errno : 0;
    close(fd);
    into[filled] = 0;
    return failed < 0 ? failed : (ssize_t)filled;
}

// The value behind `name` in the text of /proc/self/status, or NULL.
static const char *field(const char *status, const char *name) {
    size_t length = strlen(name);
    for (const char *line = status; line; line = strchr(line, '\n')) {
        if (*line == '\n') line++;
        if (strncmp(line, name, length) == 0 && line[length] == ':') return line + length + 1;
    }
    return NULL;
}

static uint64_t number(const char *status, const char *name, int base) {
    const char *text = field(status, name);
    return text ? strtoull(text, NULL, base) : 0;
}

static uint32_t words(const char *text) {
    uint32_t count = 0;
    for (int inside = 0; text && *text && *text != '\n'; text++) {
        int blank = *text == ' ' || *text == '\t';
        count += !blank && !inside;
        inside = !blank;
    }
    return count;
}

static int read_status(struct clinux_facts *facts) {
    char status[4096];
    ssize_t length = slurp("/proc/self/status", status, sizeof status);
    if (length < 0) return (int)length;
    static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};
    for (int set = 0; set < 5; set++) {
        // What is not told must not look like nothing: all ones.
        facts->caps[set] = field(status, sets[set]) ? number(status, sets[set], 16) : UINT64_MAX;
    }
    facts->no_new_privs = (uint32_t)number(status, "NoNewPrivs", 10);
    facts->seccomp = (uint32_t)number(status, "Seccomp", 10);
    facts->seccomp_filters = (uint32_t)number(status, "Seccomp_filters", 10);
    facts->groups = words(field(status, "Groups"));
    return 0;
}

static int read_namespaces(struct clinux_facts *facts) {
    static const char *const kinds[] = {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"};
    size_t filled = 0;
    for (size_t index = 0; index < sizeof kinds / sizeof *kinds; index++) {
        char path[32], target[64];
        snprintf(path, sizeof path, "/proc/self/ns/%s", kinds[index]);
        ssize_t length = readlink(path, target, sizeof target - 1);
        if (length < 0) return -errno;
        target[length] = 0;
        filled += (size_t)snprintf(
            facts->namespaces + filled, sizeof facts->namespaces - filled, "%s%s", index ? " " : "", target);
    }
    return 0;
}

// Joins the words of `text` with one blank, and its lines with `separator`.
static void squeeze(char *text, char separator) {
    char *into = text, pending = 0;
    for (const char *from = text; *from; from++) {
        if (*from == '\n') {
            pending = separator;
        } else if (*from == ' ' || *from == '\t') {
            if (!pending) pending = ' ';
        } else {
            if (pending && into != text) *into++ = pending;
            pending = 0;
            *into++ = *from;
        }
    }
    *into = 0;
}

static int read_line_file(const char *path, char *into, size_t room, char separator) {
    ssize_t length = slurp(path, into, room);
    if (length < 0) return (int)length;
    squeeze(into, separator);
    return 0;
}

static int count_mounts(struct clinux_facts *facts) {
    int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    char bytes[4096];
    ssize_t got;
    while ((got = read(fd, bytes, sizeof bytes)) > 0) {
        for (ssize_t index = 0; index < got; index++) facts->mounts += bytes[index] == '\n';
    }
    int result = got < 0 ? -errno : 0;
    close(fd);
    return result;
}

static uint64_t hard_limit(int resource) {
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) < 0) return UINT64_MAX;
    return limit.rlim_max == RLIM_INFINITY ? UINT64_MAX : limit.rlim_max;
}

static void probe_landlock(struct clinux_facts *facts) {
    facts->landlock_abi = (uint32_t)clinux_landlock_abi();
    int fd = open("/proc/self/comm", O_WRONLY | O_CLOEXEC);
    facts->landlock_denied = fd < 0 && errno == EACCES;
    if (fd >= 0) close(fd);
}

int clinux_read_facts(struct clinux_facts *facts) {
    memset(facts, 0, sizeof *facts);
    int result = read_status(facts);
    if (result == 0) result = read_namespaces(facts);
    if (result == 0) result = read_line_file("/proc/self/uid_map", facts->uid_map, sizeof facts->uid_map, ',');
    if (result == 0) result = read_line_file("/proc/self/gid_map", facts->gid_map, sizeof facts->gid_map, ',');
    if (result == 0) result = read_line_file("/proc/self/cgroup", facts->cgroup, sizeof facts->cgroup, ' ');
    if (result == 0) result = count_mounts(facts);
    if (result < 0) return result;
    struct statfs root;
    if (statfs("/", &root) < 0) return -errno;
    facts->root_readonly = ((unsigned long)root.f_flags & ST_READONLY) != 0;
    facts->uid = geteuid();
    facts->gid = getegid();
    facts->dumpable = (uint32_t)prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    facts->securebits = (uint32_t)prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
    facts->limit_processes = hard_limit(RLIMIT_NPROC);
    facts->limit_files = hard_limit(RLIMIT_NOFILE);
    facts->limit_file_bytes = hard_limit(RLIMIT_FSIZE);
    facts->limit_core = hard_limit(RLIMIT_CORE);
    probe_landlock(facts);
    // Without our filter the call could succeed and change what is being told. PID 1, which is root in its namespace, has
    // none yet; a filter that it has then is the service manager's or a container's.
    facts->userns_errno = facts->uid != 0 && facts->seccomp == 2 && !clinux_without("seccomp-calls") ? (unshare(CLONE_NEWUSER) < 0 ? errno : 0) : -1;
    return 0;
}
