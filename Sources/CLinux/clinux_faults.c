// Only in test builds: makes one step of a sandbox's set-up fail.
#include "clinux_crash.h"
#include "clinux_harden.h"

#ifdef NANOCLAW_FAULTS

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char wanted_role[32];
static unsigned long wanted_step;
static char role[32];
static unsigned long step;
// Not 0: the wanted step is the process's death instead of its failure.
static int dies;
// Shared by the spawner and all that it forks: how many have died so.
static int *deaths;
static int told;

static int copy(char *into, size_t room, const char *from, size_t length) {
    if (length >= room) return -EINVAL;
    memcpy(into, from, length);
    into[length] = 0;
    return 0;
}

int clinux_fault_arm(const char *plan) {
    wanted_step = 0;
    if (!plan) return 0;
    const char *colon = strchr(plan, ':');
    if (!colon || copy(wanted_role, sizeof wanted_role, plan, (size_t)(colon - plan)) < 0) return -EINVAL;
    wanted_step = strtoul(colon + 1, NULL, 10);
    return clinux_fault_role("spawner");
}

int clinux_fault_role(const char *name) {
    step = 0;
    return copy(role, sizeof role, name, strlen(name));
}

int clinux_fault(const char *name) {
    (void)name;
    step += 1;
    if (wanted_step != step || strcmp(role, wanted_role) != 0) return 0;
    if (!dies) return -EPERM;
    if (deaths) __atomic_add_fetch(deaths, 1, __ATOMIC_SEQ_CST);
    kill(getpid(), SIGKILL);
    // The first process of a pid namespace cannot kill itself.
    _exit(137);
}

void clinux_crash_arm_next(void) {
    const char *path = getenv("NANOCLAW_CRASH_SANDBOX");
    FILE *file = path ? fopen(path, "r+e") : NULL;
    if (!file) return;
    if (!deaths) {
        void *page = mmap(NULL, sizeof *deaths, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (page != MAP_FAILED) deaths = page;
    }
    static char rest[1 << 16];
    char first[64];
    unsigned long number;
    if (fgets(first, sizeof first, file) && sscanf(first, "%31s %lu", wanted_role, &number) == 2) {
        wanted_step = number;
        dies = 1;
        size_t left = fread(rest, 1, sizeof rest, file);
        rewind(file);
        fwrite(rest, 1, left, file);
        fflush(file);
        if (ftruncate(fileno(file), (off_t)left) < 0) wanted_step = 0;
    }
    fclose(file);
}

void clinux_crash_disarm(void) {
    if (!dies) return;
    dies = 0;
    wanted_step = 0;
}

void clinux_crash_tell(void) {
    const char *path = getenv("NANOCLAW_CRASH_SANDBOX");
    if (!path || !deaths) return;
    int now = __atomic_load_n(deaths, __ATOMIC_SEQ_CST);
    if (now == told) return;
    char name[4096];
    snprintf(name, sizeof name, "%s.hits", path);
    FILE *file = fopen(name, "we");
    if (!file) return;
    fprintf(file, "%d", now);
    fclose(file);
    told = now;
}

#else

// ISO C wants a translation unit to declare something.
typedef int clinux_faults_are_not_built;

#endif
