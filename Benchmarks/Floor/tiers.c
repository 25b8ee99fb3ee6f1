// PID 1 of a sandbox, PID 1 of its tool tier, and its runner: nanoclaw-sandbox/Init and Tiers.
#define _GNU_SOURCE
#include "sandbox.h"
#include "clinux_init.h"
#include "clinux_io.h"
#include "clinux_mount.h"
#include "clinux_spawn.h"
#include "shim.h"
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int failed(int result) { return result < 0 ? -errno : result; }

static void tell_facts(int channel, char role, int listener) {
    struct report report = {.role = role};
    step(clinux_read_facts(&report.facts), "facts");
    // PID 1 reads its facts before it has its filter, which allows no more than to send them.
    if (role == 'i') step(clinux_seccomp_init(), "seccomp");
    say(channel, &report, sizeof report, listener);
}

// Own uid, a user namespace in which it owns nothing, limits, no capabilities, Landlock, filters.
static void enter(struct context *context, enum tier tier) {
    uid_t identity = tier == RUNNER ? 1 : 2;
    char line[32];
    snprintf(line, sizeof line, "%d %u 1", AGENT_ID, identity);
    step(clinux_become(identity, identity, 1), "become the tier's uid");
    step(clinux_unshare(CLONE_NEWUSER), "second user namespace");
    step(clinux_set_dumpable(1), "dumpable");
    step(clinux_write_file("/proc/self/setgroups", "deny"), "setgroups");
    step(clinux_write_file("/proc/self/uid_map", line), "inner uid_map");
    step(clinux_write_file("/proc/self/gid_map", line), "inner gid_map");
    step(clinux_rlimits(&context->plan.limits, 0), "limits");
    step(failed(setsid()), "setsid");
    step(clinux_keyring_detach(), "keyring");
    step(clinux_no_new_privileges(), "no_new_privs");
    step(ccap_drop_all(), "drop capabilities");
    enum { READ = CLINUX_READ, RUN = READ | CLINUX_EXECUTE, WRITE = READ | CLINUX_WRITE, DEVICE = READ | CLINUX_DEVICE };
    enum { ALL = RUN | WRITE };
    struct clinux_path_rule rules[] = {
        {"/", CLINUX_LIST}, {"/usr", RUN}, {"/bin", RUN}, {"/sbin", RUN}, {"/lib", RUN}, {"/lib32", RUN}, {"/lib64", RUN},
        {"/libx32", RUN}, {"/etc", READ}, {"/proc", READ}, {"/dev", DEVICE}, {"/dev/shm", WRITE}, {"/tmp", ALL}, {"/run", RUN},
        {"/workspace/instructions", READ}, {"/workspace", CLINUX_LIST}, {"/workspace/inbound", READ},
        {"/workspace/outbound", WRITE}, {"/workspace/state", WRITE}};
    int count = sizeof rules / sizeof *rules;
    if (tier == TOOL) {
        rules[16] = (struct clinux_path_rule){"/workspace/inbound/inbox", READ};
        rules[17] = (struct clinux_path_rule){"/workspace/agent", ALL};
        count = 18;
    }
    step(clinux_landlock(rules, count, tier == RUNNER ? MODEL_PORT : 0), "landlock");
    if (tier == RUNNER) step(clinux_seccomp_passing(5), "seccomp of the runner");
    step(clinux_seccomp_tier(), "seccomp");
}

_Noreturn void run_tool(struct context *context, int socket) {
    told = context->tool.theirs;
    clinux_set_name("tool");
    step(clinux_die_with_parent(), "pdeathsig");
    int kept[2 + BINDS] = {socket, told}, count = 2, null;
    for (int index = 0; index < BINDS; index++)
        if (context->binds[index].tier == TOOL) kept[count++] = context->binds[index].tree;
    step(clinux_keep_only(kept, count), "close");
    do null = step(failed(open("/dev/null", O_RDWR | O_CLOEXEC)), "/dev/null");
    while (null <= 2);
    close(null);
    step(clinux_loopback_up(), "loopback");
    int listener = step(clinux_listen(MODEL_PORT), "listen"), calls = step(clinux_listen(CALL_PORT), "listen for calls");
    close(build_root(context, TOOL));
    say(socket, "\1", 1, -1);
    step(failed(chdir("/workspace/agent")), "chdir");
    enter(context, TOOL);
    step(clinux_set_dumpable(0), "not dumpable");
    tell_facts(told, 't', listener);
    close(listener);
    close(told);
    say(socket, "\2", 1, calls);
    close(calls);
    clinux_block_signals();
    const int watched[] = {socket, clinux_child_deaths()};
    for (;;) {
        uint8_t ready[2];
        char bytes[64];
        if (clinux_poll(watched, 2, -1, ready) > 0 && ready[0] && hear(socket, bytes, sizeof bytes, 0) == 0) _exit(0);
    }
}

_Noreturn void run_runner_tier(struct context *context, int tools, int gate) {
    static char *variables[] = {"SWIFT_ROOT=/", "HOME=/workspace/state", "PATH=/usr/local/bin:/usr/bin:/bin:/run/nanoclaw",
                                "LANG=C.UTF-8", "NANOCLAW_INCARNATION=1", 0};
    char byte, *words[5] = {0};
    int calls = -1;
    told = context->runner.theirs;
    clinux_set_name("runner");
    close(context->init.theirs);
    clinux_reset_signals();
    enter(context, RUNNER);
    int null = step(failed(open("/dev/null", O_RDONLY | O_CLOEXEC)), "/dev/null");
    step(failed(chdir("/workspace/state")), "chdir");
    step(hear(tools, &byte, 1, &calls) == 1 ? 0 : -ECHILD, "the tool tier ended");
    step(hear(gate, &byte, 1, 0) == 1 ? 0 : -ECHILD, "PID 1 ended");
    const int placed[] = {null, context->output, context->error_output, context->bell, context->events, tools, context->lock,
                          calls};
    step(clinux_place(placed, 8, &told, -1), "place descriptors");
    tell_facts(told, 'r', -1);
    close(7);
    for (int index = 0; index < 4 && context->plan.words[index][0]; index++) words[index] = context->plan.words[index];
    step(clinux_exec(words[0], words, variables), "exec");
    _exit(125);
}

// Identity, names and network, with the launcher's go.
static void prepare(struct context *context) {
    char byte;
    const int over[] = {context->init.mine, context->runner.mine, context->tool.mine, context->control, context->lifeline,
                        context->plan_file};
    for (size_t index = 0; index < sizeof over / sizeof *over; index++) close(over[index]);
    step(clinux_die_with_parent(), "pdeathsig");
    if (hear(told, &byte, 1, 0) != 1) _exit(125);
    step(clinux_set_dumpable(1), "dumpable");
    step(clinux_become(0, 0, 1), "become root of the namespace");
    step(clinux_set_dumpable(1), "dumpable again");
    step(clinux_die_with_parent(), "pdeathsig again");
    int none = 0;
    if (clinux_receive(told, &byte, 1, 0, &none, MSG_DONTWAIT) == 0) _exit(125);
    step(clinux_unshare(CLONE_NEWCGROUP), "unshare cgroup");
    step(failed(sethostname("nanoclaw", 8)), "sethostname");
    step(clinux_make_private(), "private mounts");
    clinux_block_signals();
}

_Noreturn void run_init(struct context *context) {
    char byte, path[64];
    told = context->init.theirs;
    clinux_set_name("init");
    prepare(context);
    struct channel tools = channel_pair();
    pid_t pid = step(clinux_clone(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC, 0), "clone tool init");
    if (pid == 0) run_tool(context, tools.theirs);
    for (int index = 0; index < BINDS; index++)
        if (context->binds[index].tier == TOOL) close(context->binds[index].tree);
    close(context->tool.theirs);
    close(tools.theirs);
    int limits = build_root(context, RUNNER);
    step(hear(tools.mine, &byte, 1, 0) == 1 ? 0 : -ECHILD, "the tool tier ended");
    snprintf(path, sizeof path, "/proc/self/fd/%d", limits);
    step(clinux_user_limits(path, 1), "namespace limits");
    close(limits);
    struct channel gate = channel_pair();
    pid_t runner = step(clinux_clone(0, 0), "fork runner");
    if (runner == 0) {
        close(gate.mine);
        run_runner_tier(context, tools.mine, gate.theirs);
    }
    close(context->runner.theirs);
    close(tools.mine);
    close(gate.theirs);
    step(clinux_loopback_up(), "loopback");
    int listener = step(clinux_listen(MODEL_PORT), "listen");
    step(clinux_set_real_uid(1), "real uid of the runner");
    step(clinux_keyring_detach(), "keyring");
    step(clinux_no_new_privileges(), "no_new_privs");
    step(ccap_drop_all(), "drop capabilities");
    step(clinux_die_with_parent(), "pdeathsig at last");
    step(clinux_set_dumpable(0), "not dumpable");
    const int kept[] = {told, listener, context->lock, gate.mine};
    step(clinux_keep_only(kept, 4), "close");
    tell_facts(told, 'i', listener);
    close(listener);
    say(gate.mine, "\1", 1, -1);
    close(gate.mine);
    clinux_init_loop(runner, told);
}
