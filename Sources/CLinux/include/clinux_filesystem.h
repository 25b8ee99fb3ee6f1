// What lies below a path. Functions return a value >= 0 or -errno.
#ifndef CLINUX_FILESYSTEM_H
#define CLINUX_FILESYSTEM_H

#include <stdint.h>

// statfs(2): the magic number of the path's file system, 32 bits without sign.
int64_t clinux_filesystem_type(const char *path);

// 1 when a name of the absolute `path`, or of a link on its way, is looked up in the directory `place` itself: who writes
// there chooses what `path` is. 0 otherwise, also when nothing stands at `place`.
int clinux_leads_through(const char *path, const char *place);

#endif
