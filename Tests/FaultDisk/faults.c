// Preloaded into a process of the disk-fault tests: lets calls fail on files whose names are not known before, as their disk
// would. The file FAULT_DISK says which: "CALL ERRNO PART", such as "write 5 /inbox/", CALL being open, read, write or fsync
// and PART some of the path. Without the file nothing fails. Each failure adds a byte to FAULT_DISK.hits.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *plan;
static char hits[PATH_MAX];

__attribute__((constructor)) static void start(void) {
    plan = getenv("FAULT_DISK");
    if (plan) snprintf(hits, sizeof hits, "%s.hits", plan);
}

/// Whether this call is to fail; errno is set then.
static int fails(const char *call, const char *path) {
    char text[PATH_MAX], name[16], part[PATH_MAX];
    int code, kept = errno;
    int file = (int)syscall(SYS_openat, AT_FDCWD, plan, O_RDONLY | O_CLOEXEC);
    if (file < 0) return errno = kept, 0;
    ssize_t length = syscall(SYS_read, file, text, sizeof text - 1);
    syscall(SYS_close, file);
    text[length > 0 ? length : 0] = 0;
    errno = kept;
    if (sscanf(text, "%15s %d %4095s", name, &code, part) != 3 || strcmp(name, call) || !strstr(path, part)) return 0;
    file = (int)syscall(SYS_openat, AT_FDCWD, hits, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    syscall(SYS_write, file, "!", 1);
    syscall(SYS_close, file);
    errno = code;
    return 1;
}

static int failsAt(const char *call, int number) {
    char link[64], path[PATH_MAX];
    if (!plan) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", number);
    ssize_t length = syscall(SYS_readlink, link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return fails(call, path);
}

// What C has no function for: openat2, by which the host opens what a sandbox may have laid.
long syscall(long number, ...) {
    static long (*next)(long, ...);
    if (!next) next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    long words[6];
    va_list more;
    va_start(more, number);
    for (int index = 0; index < 6; index++) words[index] = va_arg(more, long);
    va_end(more);
    if (number == SYS_openat2 && plan && fails("open", (const char *)words[1])) return -1;
    return next(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

ssize_t write(int number, const void *data, size_t length) {
    return failsAt("write", number) ? -1 : syscall(SYS_write, number, data, length);
}
ssize_t read(int number, void *data, size_t length) {
    return failsAt("read", number) ? -1 : syscall(SYS_read, number, data, length);
}
ssize_t pread64(int number, void *data, size_t length, off64_t offset) {
    return failsAt("read", number) ? -1 : syscall(SYS_pread64, number, data, length, offset);
}
ssize_t pread(int number, void *data, size_t length, off_t offset) { return pread64(number, data, length, offset); }
int fsync(int number) { return failsAt("fsync", number) ? -1 : (int)syscall(SYS_fsync, number); }
int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, int) : 0;
    va_end(more);
    if (plan && fails("open", path)) return -1;
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, int) : 0;
    va_end(more);
    return open64(path, flags, mode);
}
