// The host's side of a spawn, and the process that it asks: Sources/Sandbox and nanoclaw-sandbox/Serve.
#define _GNU_SOURCE
#include "floor.h"
#include "sandbox.h"
#include "clinux_io.h"
#include "clinux_spawn.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SLOTS = 8, PASSED = 6 };

struct slot {
    int pid, pidfd, maps[2];
    char cgroup[64];
};

// This program, which the tiers are given as they are given agent-runner.
static char program[4096];

struct channel channel_pair(void) {
    int ends[2];
    step(clinux_seqpacket_pair(ends), "socketpair");
    return (struct channel){ends[0], ends[1]};
}

void give_to_service(const char *path) {
    must(geteuid() != 0 || chown(path, SERVICE_ID, SERVICE_ID) == 0, path);
}

void make_session_folders(const char *home, const char *session) {
    const char *const names[] = {"", "/inbound", "/outbound", "/state"};
    for (int index = 0; index < 4; index++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s%s", home, session, names[index]);
        must(mkdir(path, 0700) == 0, path);
        give_to_service(path);
    }
}

// Forks the launcher of one request, whose descriptors are plan, control, bell, events, output and error output.
static void launch(struct slot *slot, const char *home, const int *passed, int lifeline) {
    static int serial;
    snprintf(slot->cgroup, sizeof slot->cgroup, "nanoclaw-floor-%d-%d", getpid(), ++serial);
    for (int tier = 0; tier < 2; tier++) {
        uid_t shown = BASE_ID + 1 + tier;
        if (!slot->maps[tier]) slot->maps[tier] = step(clinux_idmap_namespace(SERVICE_ID, SERVICE_ID, shown, shown), "id-map");
    }
    slot->pid = step(clinux_clone(0, &slot->pidfd), "fork");
    if (slot->pid) return;
    struct context context = {
        .home = home, .program = program, .plan_file = passed[0], .control = passed[1], .bell = passed[2], .events = passed[3],
        .output = passed[4], .error_output = passed[5], .lifeline = lifeline, .maps = {slot->maps[0], slot->maps[1]}};
    const int kept[] = {passed[0], passed[1], passed[2], passed[3], passed[4], passed[5], lifeline, slot->maps[0], slot->maps[1]};
    clinux_keep_only(kept, sizeof kept / sizeof *kept);
    told = context.control;
    run_launcher(&context, slot->cgroup);
}

static void reap(struct slot *slot) {
    int code, signal;
    if (clinux_wait(slot->pid, 1, &code, &signal) <= 0) return;
    clinux_cgroup_remove(slot->cgroup);
    close(slot->pidfd);
    slot->pid = 0;
}

static _Noreturn void serve(int host, const char *home) {
    static struct slot slots[SLOTS];
    char name[64];
    clinux_reset_signals();
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    must(chdir("/") == 0 && readlink("/proc/self/exe", program, sizeof program - 1) > 0, "chdir, readlink");
    struct channel lifeline = channel_pair();
    snprintf(name, sizeof name, "nanoclaw-floor-%d", getpid());
    clinux_cgroup_bound(name, clinux_cgroup_share());
    clinux_cgroup_sweep("nanoclaw-floor-");
    for (;;) {
        int watched[SLOTS + 1] = {host}, count = 1;
        uint8_t ready[SLOTS + 1];
        struct slot *living[SLOTS], *open = 0;
        for (int index = SLOTS; index-- > 0;) {
            if (!slots[index].pid) {
                open = &slots[index];
                continue;
            }
            living[count - 1] = &slots[index];
            watched[count++] = slots[index].pidfd;
        }
        if (clinux_poll(watched, count, -1, ready) < 0) continue;
        for (int index = 1; index < count; index++)
            if (ready[index]) reap(living[index - 1]);
        if (!ready[0]) continue;
        char byte;
        int passed[PASSED], room = PASSED;
        long got = clinux_receive(host, &byte, 1, passed, &room, MSG_DONTWAIT);
        if (got <= 0) break;
        must(open != 0 && room == PASSED, "a request");
        launch(open, home, passed, lifeline.theirs);
        for (int index = 0; index < PASSED; index++) close(passed[index]);
    }
    for (int index = 0; index < SLOTS; index++)
        while (slots[index].pid) {
            uint8_t ready;
            clinux_poll(&slots[index].pidfd, 1, -1, &ready);
            reap(&slots[index]);
        }
    clinux_cgroup_unbound();
    exit(0);
}

int start_service(const char *home) {
    if (geteuid() != 0) {
        fprintf(stderr, "floor: only root can give each tier an id of its own\n");
        exit(1);
    }
    struct channel ends = channel_pair();
    pid_t pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0) {
        close(ends.mine);
        serve(ends.theirs, home);
    }
    close(ends.theirs);
    return ends.mine;
}

// What tells PID 1 from a later process of its number, as the host records it.
static void look_at(int pid) {
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    const char *const files[] = {path, "/proc/sys/kernel/random/boot_id"};
    for (int index = 0; index < 2; index++) {
        int file = open(files[index], O_RDONLY | O_CLOEXEC);
        while (read(file, text, sizeof text) > 0) {}
        close(file);
    }
}

struct sandbox spawn_sandbox(int service, const char *session, char *const *words) {
    struct plan plan = {.limits = {1 << 30, 256 << 20, 1 << 30, 256, 200, 1024}};
    snprintf(plan.session, sizeof plan.session, "%s", session);
    for (int index = 0; words[index]; index++) snprintf(plan.words[index], sizeof plan.words[index], "%s", words[index]);
    int memory = step(clinux_memfd("plan"), "memfd_create");
    must(write(memory, &plan, sizeof plan) == sizeof plan, "plan");
    step(clinux_memfd_seal(memory), "seal");
    struct channel control = channel_pair(), bell = channel_pair(), events = channel_pair();
    int output[2], error_output[2];
    must(clinux_pipe_cloexec(output) == 0 && clinux_pipe_cloexec(error_output) == 0, "pipe2");
    const int passed[PASSED] = {memory, control.theirs, bell.theirs, events.theirs, output[1], error_output[1]};
    must(clinux_send(service, "\2", 1, passed, PASSED, 0) == 1, "spawn");
    for (int index = 0; index < PASSED; index++) close(passed[index]);
    uint8_t ready;
    clinux_poll(&control.mine, 1, -1, &ready);
    struct {
        int pid;
        struct report reports[3];
        char text[1024];
    } answer = {0};
    int given[3], room = 3;
    long got = clinux_receive(control.mine, &answer, sizeof answer, given, &room, MSG_DONTWAIT);
    if (got <= 0 || room != 3) {
        fprintf(stderr, "floor: spawn: %s\n", got > 0 ? (char *)&answer : "the launcher died without a word");
        exit(1);
    }
    look_at(answer.pid);
    return (struct sandbox){control.mine, bell.mine, events.mine, output[0], error_output[0], given[0], given[1], given[2]};
}

void end_sandbox(struct sandbox *sandbox) {
    char end[1024];
    uint8_t ready;
    close(sandbox->bell);
    clinux_poll(&sandbox->pidfd, 1, -1, &ready);
    hear(sandbox->control, end, sizeof end, 0);
    const int held[] = {sandbox->control, sandbox->events, sandbox->output, sandbox->error_output, sandbox->pidfd,
                        sandbox->runner_listener, sandbox->tool_listener};
    for (size_t index = 0; index < sizeof held / sizeof *held; index++) close(held[index]);
}
