// Preloaded into a process of the power-cut test: writes down each change of a file or directory below POWER_ROOT,
// and each sync, in the order in which they happen, into POWER_LOG.
// A record is the line "OPERATION OFFSET LENGTH PATH", PATH relative to POWER_ROOT, `.` for itself, and then LENGTH bytes: the data
// of a write, the new path of a rename. Paths hold no newline.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int logNumber = -1;
static char root[PATH_MAX];

__attribute__((constructor)) static void start(void) {
    const char *log = getenv("POWER_LOG"), *below = getenv("POWER_ROOT");
    if (!log || !below || !realpath(below, root)) return;
    logNumber = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static const char *relative(const char *path) {
    size_t length = strlen(root);
    if (strncmp(path, root, length) != 0) return NULL;
    if (path[length] == 0) return ".";
    return path[length] == '/' ? path + length + 1 : NULL;
}

/// The path of a descriptor, or of a name at one; 0 when it is not below the root.
static int resolve(int number, const char *name, char *result) {
    char link[64], base[PATH_MAX];
    if (logNumber < 0) return 0;
    if (name && name[0] == '/') {
        snprintf(base, sizeof base, "%s", name);
    } else {
        if (number == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
        else snprintf(link, sizeof link, "/proc/self/fd/%d", number);
        ssize_t length = readlink(link, base, sizeof base - 1);
        if (length < 0) return 0;
        base[length] = 0;
        if (name) {
            if (length + strlen(name) + 2 > sizeof base) return 0;
            base[length] = '/';
            strcpy(base + length + 1, name);
        }
    }
    const char *path = relative(base);
    if (!path) return 0;
    strcpy(result, path);
    return 1;
}

static void record(const char *operation, long long offset, const char *path, const void *data, size_t length) {
    char line[PATH_MAX + 100];
    int count = snprintf(line, sizeof line, "%s %lld %zu %s\n", operation, offset, length, path);
    struct iovec parts[2] = {{line, (size_t)count}, {(void *)data, length}};
    int kept = errno;
    if (writev(logNumber, parts, 2) != (ssize_t)(count + length)) abort();
    errno = kept;
}

static void recordAt(const char *operation, int number, const char *name, long long offset) {
    char path[PATH_MAX];
    if (resolve(number, name, path)) record(operation, offset, path, NULL, 0);
}

ssize_t pwrite64(int number, const void *data, size_t length, off64_t offset) {
    ssize_t written = syscall(SYS_pwrite64, number, data, length, offset);
    char path[PATH_MAX];
    if (written > 0 && number != logNumber && resolve(number, NULL, path))
        record("write", offset, path, data, (size_t)written);
    return written;
}
ssize_t pwrite(int number, const void *data, size_t length, off_t offset) {
    return pwrite64(number, data, length, offset);
}
ssize_t write(int number, const void *data, size_t length) {
    char path[PATH_MAX];
    int isOurs = number > 2 && number != logNumber && resolve(number, NULL, path);
    off_t offset = isOurs ? lseek(number, 0, SEEK_CUR) : 0;
    ssize_t written = syscall(SYS_write, number, data, length);
    if (isOurs && written > 0) record("write", offset, path, data, (size_t)written);
    return written;
}
int ftruncate64(int number, off64_t length) {
    int result = (int)syscall(SYS_ftruncate, number, length);
    if (result == 0) recordAt("truncate", number, NULL, length);
    return result;
}
int ftruncate(int number, off_t length) { return ftruncate64(number, length); }
static int synchronize(int number, long call) {
    int result = (int)syscall(call, number);
    struct stat status;
    if (result == 0 && fstat(number, &status) == 0)
        recordAt(S_ISDIR(status.st_mode) ? "syncdir" : "sync", number, NULL, 0);
    return result;
}
int fsync(int number) { return synchronize(number, SYS_fsync); }
int fdatasync(int number) { return synchronize(number, SYS_fdatasync); }
int renameat(int from, const char *name, int to, const char *newName) {
    char path[PATH_MAX], newPath[PATH_MAX];
    int isOurs = resolve(from, name, path) && resolve(to, newName, newPath);
    int result = (int)syscall(SYS_renameat2, from, name, to, newName, 0);
    if (result == 0 && isOurs) record("rename", 0, path, newPath, strlen(newPath));
    return result;
}
int rename(const char *name, const char *newName) { return renameat(AT_FDCWD, name, AT_FDCWD, newName); }
int unlinkat(int number, const char *name, int flags) {
    int result = (int)syscall(SYS_unlinkat, number, name, flags);
    if (result == 0) recordAt("unlink", number, name, 0);
    return result;
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }
int mkdirat(int number, const char *name, mode_t mode) {
    int result = (int)syscall(SYS_mkdirat, number, name, mode);
    if (result == 0) recordAt("mkdir", number, name, 0);
    return result;
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }
