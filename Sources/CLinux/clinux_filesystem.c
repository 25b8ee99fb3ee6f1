#include "clinux_filesystem.h"

#include <errno.h>
#include <sys/vfs.h>

int64_t clinux_filesystem_type(const char *path) {
    struct statfs about;
    if (statfs(path, &about) < 0) return -errno;
    return (uint32_t)about.f_type;
}
