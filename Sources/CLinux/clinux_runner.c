#define _GNU_SOURCE
#include "clinux_runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t termination = -1;

static void terminate(int signal) {
    (void)signal;
    int kept = errno;
    char byte = 1;
    ssize_t ignored = write(termination, &byte, 1);
    (void)ignored;
    errno = kept;
}

int clinux_termination_pipe(void) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return -errno;
    termination = ends[1];
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = terminate;
    action.sa_flags = SA_RESTART;
    if (sigaction(SIGTERM, &action, NULL) < 0) return -errno;
    action.sa_handler = SIG_IGN;
    if (sigaction(SIGPIPE, &action, NULL) < 0) return -errno;
    return ends[0];
}
