#define _GNU_SOURCE
#include "clinux_filesystem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

int64_t clinux_filesystem_type(const char *path) {
    struct statfs about;
    if (statfs(path, &about) < 0) return -errno;
    return (uint32_t)about.f_type;
}

// Puts what the link `at` says before the rest of a path. Returns 0 or -errno.
static int follow(int at, char rest[PATH_MAX]) {
    char target[PATH_MAX], joined[PATH_MAX];
    ssize_t got = readlinkat(at, "", target, sizeof target - 1);
    if (got < 0) return -errno;
    target[got] = 0;
    if (snprintf(joined, sizeof joined, "%s/%s", target, rest) >= (int)sizeof joined) return -ENAMETOOLONG;
    strcpy(rest, joined);
    return 0;
}

int clinux_leads_through(const char *path, const char *place) {
    const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
    char rest[PATH_MAX], name[NAME_MAX + 1];
    struct stat forbidden, here;
    if (stat(place, &forbidden) < 0) return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
    if (path[0] != '/') return -EINVAL;
    if (strlen(path) >= sizeof rest) return -ENAMETOOLONG;
    strcpy(rest, path);
    int at = open("/", flags), links = 0, result = at < 0 ? -errno : 0;
    while (result == 0) {
        char *start = rest + strspn(rest, "/");
        size_t length = strcspn(start, "/");
        if (length == 0) break;
        if (length > NAME_MAX) result = -ENAMETOOLONG;
        else if (fstat(at, &here) < 0) result = -errno;
        else if (here.st_dev == forbidden.st_dev && here.st_ino == forbidden.st_ino) result = 1;
        if (result) break;
        memcpy(name, start, length);
        name[length] = 0;
        memmove(rest, start + length, strlen(start + length) + 1);
        // A directory on the way is asked for as one: an automount is mounted by that.
        int next = rest[strspn(rest, "/")] ? openat(at, name, flags | O_DIRECTORY) : -1;
        if (next < 0) next = openat(at, name, flags);
        if (next < 0 || fstat(next, &here) < 0) result = -errno;
        else if (S_ISLNK(here.st_mode)) {
            result = ++links > 40 ? -ELOOP : follow(next, rest);
            close(next);
            if (result == 0 && rest[0] != '/') continue;
            next = open("/", flags);
        }
        close(at);
        at = next;
    }
    if (at >= 0) close(at);
    return result;
}
