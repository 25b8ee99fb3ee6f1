#define _GNU_SOURCE
#include "clinux_terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

int clinux_width(uint32_t scalar) {
    return wcwidth((wchar_t)scalar);
}

static volatile sig_atomic_t caught = -1;

static void catch(int number) {
    int kept = errno;
    uint8_t byte = (uint8_t)number;
    ssize_t ignored = write(caught, &byte, 1);
    (void)ignored;
    errno = kept;
}

int clinux_signal_pipe(const int *signals, int count) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return -errno;
    caught = ends[1];
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = catch;
    action.sa_flags = SA_RESTART;
    for (int index = 0; index < count; index++) {
        if (sigaction(signals[index], &action, NULL) < 0) return -errno;
    }
    return ends[0];
}
