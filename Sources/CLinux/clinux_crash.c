// Only in test builds: death at a chosen point.
#include "clinux_crash.h"

#ifdef NANOCLAW_FAULTS

#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int contents(const char *path, char *text, size_t room) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t got = read(file, text, room - 1);
    close(file);
    if (got <= 0) return -1;
    text[got] = 0;
    return 0;
}

void clinux_crash_point(const char *name) {
    const char *path = getenv("NANOCLAW_CRASH");
    if (!path) path = "/workspace/state/.crash";
    char text[512];
    if (contents(path, text, sizeof text) < 0) return;
    char *rest = strchr(text, '\n');
    if (rest) *rest++ = 0;
    if (strcmp(text, name) != 0) return;
    if (!rest || !*rest) {
        if (unlink(path) < 0) return;
    } else {
        int file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
        if (file < 0 || write(file, rest, strlen(rest)) < 0) return;
    }
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

int clinux_is_mutant(const char *name) {
    const char *mutant = getenv("NANOCLAW_MUTANT");
    return mutant && strcmp(mutant, name) == 0;
}

#else

// ISO C wants a translation unit to declare something.
typedef int clinux_crash_is_not_built;

#endif
