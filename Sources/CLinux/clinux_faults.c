// Only in test builds: makes one step of a sandbox's set-up fail, or leaves whole layers of it out.
#define _GNU_SOURCE
#include "clinux_crash.h"
#include "clinux_harden.h"
#include "clinux_without.h"

#ifdef NANOCLAW_FAULTS

#include <errno.h>
#include <sched.h>
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

// The layers, and the steps that are nothing but one of them: a role, or any for NULL, and how the step's name begins.
// What has no step of its own asks clinux_without where it is done.
static const struct {
    const char *layer, *role, *step;
} layers[] = {
    {"capabilities", NULL, "drop capabilities"},
    {"cgroup", "launcher", "cgroup"},
    {"cgroup-ns", NULL, "unshare cgroup"},
    {"descriptors", NULL, NULL},
    {"dumpable", NULL, "not dumpable"},
    {"ipc", NULL, NULL},
    {"keyring", NULL, "detach keyring"},
    {"landlock", NULL, "landlock"},
    {"mount-flags", NULL, NULL},
    {"namespace-limits", NULL, "namespace limits"},
    {"net", NULL, "loopback"},
    {"no-new-privs", "runner", "no_new_privs"},
    {"no-new-privs", "tool", "no_new_privs"},
    {"old-root", NULL, NULL},
    {"pid", NULL, NULL},
    {"proc-masks", NULL, "mask "},
    {"proc-masks", NULL, "cover "},
    {"proc-masks", NULL, "empty "},
    {"rlimits", NULL, "resource limits"},
    {"root", NULL, NULL},
    {"seccomp-arguments", NULL, NULL},
    {"seccomp-calls", NULL, NULL},
    {"second-user", NULL, "second user namespace"},
    {"second-user", "runner", "setgroups deny"},
    {"second-user", "tool", "setgroups deny"},
    {"second-user", NULL, "inner "},
    {"tmpfs-limits", NULL, NULL},
    {"uts", NULL, "sethostname"},
};
#define LAYERS (sizeof layers / sizeof *layers)

// By index of the first line of each layer.
static unsigned char left_out[LAYERS];

static int find_layer(const char *name, size_t length) {
    for (size_t index = 0; index < LAYERS; index++)
        if (strlen(layers[index].layer) == length && memcmp(layers[index].layer, name, length) == 0) return (int)index;
    return -1;
}

int clinux_without_arm(const char *names) {
    memset(left_out, 0, sizeof left_out);
    while (names && *names) {
        size_t length = strcspn(names, ",");
        int index = find_layer(names, length);
        if (index < 0) return -EINVAL;
        left_out[index] = 1;
        names += length + (names[length] == ',');
    }
    return 0;
}

int clinux_without(const char *layer) {
    int index = find_layer(layer, strlen(layer));
    return index >= 0 && left_out[index];
}

int clinux_without_step(const char *name) {
    for (size_t index = 0; index < LAYERS; index++) {
        if (!layers[index].step || !clinux_without(layers[index].layer)) continue;
        if (layers[index].role && strcmp(layers[index].role, role) != 0) continue;
        if (strncmp(name, layers[index].step, strlen(layers[index].step)) == 0) return 1;
    }
    return 0;
}

uint64_t clinux_without_namespaces(void) {
    return (clinux_without("ipc") ? CLONE_NEWIPC : 0) | (clinux_without("net") ? CLONE_NEWNET : 0)
        | (clinux_without("pid") ? CLONE_NEWPID : 0) | (clinux_without("uts") ? CLONE_NEWUTS : 0);
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
