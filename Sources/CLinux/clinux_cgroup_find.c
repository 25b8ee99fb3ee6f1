#define _GNU_SOURCE
#include "clinux_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static ssize_t slurp(int directory, const char *path, char *into, size_t room) {
    int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    size_t filled = 0;
    ssize_t got = 0;
    while (filled + 1 < room && (got = read(fd, into + filled, room - 1 - filled)) > 0) filled += (size_t)got;
    int failed = got < 0 ? -errno : 0;
    close(fd);
    into[filled] = 0;
    return failed < 0 ? failed : (ssize_t)filled;
}

ssize_t cgroup_read(const char *directory, const char *name, char *into, size_t room) {
    char path[CGROUP_PATH + 64];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", directory, name) >= sizeof path) return -ENAMETOOLONG;
    return slurp(AT_FDCWD, path, into, room);
}

int cgroup_write(const char *directory, const char *name, const char *text) {
    char path[CGROUP_PATH + 64];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", directory, name) >= sizeof path) return -ENAMETOOLONG;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    int result = write(fd, text, strlen(text)) < 0 ? -errno : 0;
    close(fd);
    return result;
}

int cgroup_lists(const char *list, const char *word) {
    size_t length = strlen(word);
    for (const char *at = strstr(list, word); at; at = strstr(at + 1, word)) {
        int begins = at == list || strchr(" ,\n", at[-1]) != NULL;
        if (begins && strchr(" ,\n", at[length]) != NULL) return 1;  // the 0 byte counts as found too
    }
    return 0;
}

// Undoes mountinfo's \ooo in place.
static void unescape(char *text) {
    char *into = text;
    for (const char *from = text; *from;) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
            *into++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *into++ = *from++;
        }
    }
    *into = 0;
}

// The path of this process in the hierarchy of `controller` ("" is v2), from the lines "id:controllers:path".
static const char *own_path(const char *membership, const char *controller, char *into, size_t room) {
    for (const char *line = membership; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        const char *first = strchr(line, ':');
        const char *second = first ? strchr(first + 1, ':') : NULL;
        const char *end = strchr(line, '\n');
        if (!second || (end && second > end)) continue;
        char controllers[256];
        size_t length = (size_t)(second - first - 1);
        if (length >= sizeof controllers) continue;
        memcpy(controllers, first + 1, length);
        controllers[length] = 0;
        if (*controller ? !cgroup_lists(controllers, controller) : length != 0) continue;
        size_t path_length = end ? (size_t)(end - second - 1) : strlen(second + 1);
        if (path_length >= room) continue;
        memcpy(into, second + 1, path_length);
        into[path_length] = 0;
        return into;
    }
    return NULL;
}

// The directory of this process's cgroup: where the hierarchy is mounted, and what its path is beneath what is mounted.
static void join(char *into, const char *mount_point, const char *root, const char *path) {
    size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
    const char *beneath = "";
    if (strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0)) beneath = path + length;
    if (strcmp(beneath, "/") == 0) beneath = "";
    if ((size_t)snprintf(into, CGROUP_PATH, "%s%s", mount_point, beneath) >= CGROUP_PATH) into[0] = 0;
}

void cgroup_find(char *mountinfo, char *membership, struct cgroup_places *places) {
    memset(places, 0, sizeof *places);
    char *rest = mountinfo;
    for (char *line = strtok_r(rest, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char root[CGROUP_PATH], mount_point[CGROUP_PATH], type[32], options[256], path[CGROUP_PATH];
        if (sscanf(line, "%*s %*s %*s %511s %511s", root, mount_point) != 2) continue;
        const char *tail = strstr(line, " - ");
        if (!tail || sscanf(tail + 3, "%31s %*s %255s", type, options) != 2) continue;
        unescape(root);
        unescape(mount_point);
        if (strcmp(type, "cgroup2") == 0 && !places->v2[0] && own_path(membership, "", path, sizeof path)) {
            join(places->v2, mount_point, root, path);
        }
        if (strcmp(type, "cgroup") != 0) continue;
        struct {
            const char *controller;
            char *place;
        } wanted[] = {{"memory", places->memory}, {"pids", places->pids}, {"cpu", places->cpu}, {"freezer", places->freezer}};
        for (size_t index = 0; index < sizeof wanted / sizeof *wanted; index++) {
            int mounted = cgroup_lists(options, wanted[index].controller) && !wanted[index].place[0];
            if (!mounted || !own_path(membership, wanted[index].controller, path, sizeof path)) continue;
            join(wanted[index].place, mount_point, root, path);
        }
    }
}

const struct cgroup_places *cgroup_places(void) {
    static struct cgroup_places found;
    static int known;
    static char mountinfo[65536], membership[8192];
    if (!known) {
        if (slurp(AT_FDCWD, "/proc/self/mountinfo", mountinfo, sizeof mountinfo) < 0) mountinfo[0] = 0;
        if (slurp(AT_FDCWD, "/proc/self/cgroup", membership, sizeof membership) < 0) membership[0] = 0;
        cgroup_find(mountinfo, membership, &found);
        known = 1;
    }
    return &found;
}

void cgroup_all_places(const char *all[CGROUP_HIERARCHIES]) {
    const struct cgroup_places *places = cgroup_places();
    int error;
    const char *v2 = cgroup_v2_place(&error);
    const char *const known[CGROUP_HIERARCHIES] = {v2 ? v2 : "", places->freezer, places->memory, places->pids, places->cpu};
    memcpy(all, known, sizeof known);
}
