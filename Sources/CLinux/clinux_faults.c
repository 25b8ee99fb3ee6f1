// Only in test builds: makes one step of a sandbox's set-up fail.
#include "clinux_harden.h"

#ifdef NANOCLAW_FAULTS

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char wanted_role[32];
static unsigned long wanted_step;
static char role[32];
static unsigned long step;

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
    return wanted_step == step && strcmp(role, wanted_role) == 0 ? -EPERM : 0;
}

#else

// ISO C wants a translation unit to declare something.
typedef int clinux_faults_are_not_built;

#endif
