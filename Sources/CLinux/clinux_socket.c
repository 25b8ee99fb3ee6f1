#define _GNU_SOURCE
#include "clinux_socket.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>

int clinux_accept(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    return fd < 0 ? -errno : fd;
}
