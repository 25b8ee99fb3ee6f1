#define _GNU_SOURCE
#include "clinux_store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

int clinux_eventfd(void) {
    int fd = eventfd(0, EFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int clinux_eventfd_raise(int fd) {
    return eventfd_write(fd, 1) < 0 ? -errno : 0;
}

int clinux_eventfd_wait(int fd) {
    eventfd_t count;
    int result;
    do result = eventfd_read(fd, &count);
    while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : 0;
}

int clinux_o_path(void) {
    return O_PATH;
}

int clinux_chown(int fd, uid_t uid, gid_t gid) {
    return fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0 ? -errno : 0;
}
