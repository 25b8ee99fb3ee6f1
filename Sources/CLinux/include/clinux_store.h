// Calls of the session stores: an eventfd to wake a thread, and ownership by descriptor.
// Every function returns a value >= 0 or -errno; none allocates.
#ifndef CLINUX_STORE_H
#define CLINUX_STORE_H

#include <sys/types.h>

// eventfd(2), close-on-exec; `raise` adds one, `wait` blocks until it is above 0 and sets it back to 0.
int clinux_eventfd(void);
int clinux_eventfd_raise(int fd);
int clinux_eventfd_wait(int fd);

// O_PATH of open(2): a descriptor that names a file without opening it.
int clinux_o_path(void);

// fchownat(2) on the file that a descriptor names, one opened with O_PATH too.
int clinux_chown(int fd, uid_t uid, gid_t gid);

#endif
