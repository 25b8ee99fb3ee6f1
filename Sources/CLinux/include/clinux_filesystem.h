// What lies below a path. Functions return a value >= 0 or -errno.
#ifndef CLINUX_FILESYSTEM_H
#define CLINUX_FILESYSTEM_H

#include <stdint.h>

// statfs(2): the magic number of the path's file system, 32 bits without sign.
int64_t clinux_filesystem_type(const char *path);

#endif
