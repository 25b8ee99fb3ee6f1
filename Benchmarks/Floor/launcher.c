// The parent of a sandbox's PID 1: nanoclaw-sandbox/Launch.
#define _GNU_SOURCE
#include "sandbox.h"
#include "clinux_init.h"
#include "clinux_io.h"
#include "clinux_mount.h"
#include "clinux_spawn.h"
#include "shim.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t beneath = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
int told = -1;

int step(long result, const char *what) {
    if (result >= 0) return (int)result;
    char text[256];
    int length = snprintf(text, sizeof text, "%s: %s", what, strerror((int)-result));
    // The host's own steps have nobody to tell but the terminal.
    if (told < 0) fprintf(stderr, "floor: %s\n", text);
    else clinux_send(told, text, (size_t)length + 1, 0, 0, 0);
    _exit(125);
}

void say(int channel, const void *bytes, size_t length, int descriptor) {
    clinux_send(channel, bytes, length, &descriptor, descriptor >= 0, 0);
}

long hear(int channel, void *bytes, size_t room, int *descriptor) {
    int none, count = 1;
    return clinux_receive(channel, bytes, room, descriptor ? descriptor : &none, &count, 0);
}

static void read_plan(struct context *context) {
    struct stat status;
    step(clinux_is_sealed(context->plan_file) == 1 ? 0 : -EPERM, "plan");
    step(fstat(context->plan_file, &status), "plan");
    step(pread(context->plan_file, &context->plan, sizeof context->plan, 0) == status.st_size ? 0 : -EIO, "plan");
}

static void open_lock(struct context *context) {
    int home = step(clinux_open_directory(context->home), "home");
    int session = step(clinux_openat2(home, context->plan.session, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, beneath), "session");
    uint64_t flags = O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    context->lock = step(clinux_openat2(session, "lock", flags, 0600, beneath), "open lock");
    step(clinux_flock(context->lock), "lock");
    if (mkdirat(session, "inbound/inbox", 0700) == 0)
        step(fchownat(session, "inbound/inbox", SERVICE_ID, SERVICE_ID, AT_SYMLINK_NOFOLLOW), "chown inbox");
    close(session);
    close(home);
}

static void detach(struct context *context) {
    enum { READ_ONLY = CLINUX_MOUNT_READ_ONLY | CLINUX_MOUNT_NO_EXEC, WRITABLE = CLINUX_MOUNT_NO_EXEC };
    char none;
    const struct bind table[BINDS] = {
        {RUNNER, "inbound", "/workspace/inbound", READ_ONLY, 0, 0, -1},
        {RUNNER, "outbound", "/workspace/outbound", WRITABLE, 1, 0, -1},
        {RUNNER, "state", "/workspace/state", WRITABLE, 1, 0, -1},
        {TOOL, "inbound/inbox", "/workspace/inbound/inbox", READ_ONLY, 0, 0, -1},
        {RUNNER, context->program, "/run/nanoclaw/agent-runner", CLINUX_MOUNT_READ_ONLY, 0, 1, -1},
        {TOOL, context->program, "/run/nanoclaw/agent-runner", CLINUX_MOUNT_READ_ONLY, 0, 1, -1},
    };
    int home = step(clinux_open_directory(context->home), "home");
    for (int index = 0; index < BINDS; index++) {
        struct bind *bind = &context->binds[index];
        *bind = table[index];
        if (bind->is_file) clinux_kind(bind->source, &none, 1);
        char path[128];
        snprintf(path, sizeof path, "%s/%s", context->plan.session, bind->source);
        uint64_t flags = (uint64_t)(O_PATH | O_CLOEXEC | O_NOFOLLOW) | (bind->is_file ? 0 : O_DIRECTORY);
        int source = bind->is_file ? clinux_openat2(AT_FDCWD, bind->source, flags, 0, RESOLVE_NO_MAGICLINKS)
                                   : clinux_openat2(home, path, flags, 0, beneath);
        step(source, bind->source);
        struct stat status;
        if (bind->is_owned) step(fstat(source, &status) == 0 && status.st_uid == SERVICE_ID ? 0 : -EPERM, bind->source);
        bind->tree = step(clinux_open_tree(source, "", 0), "open_tree");
        close(source);
        int map = bind->is_file ? -1 : context->maps[bind->tier];
        step(clinux_restrict_mount(bind->tree, "", bind->restrictions, 0, map), bind->target);
    }
}

// Until three processes have reported and the runner's channel is closed by its exec.
static void collect(struct context *context, struct report *reports, int *listeners) {
    int live[] = {context->init.mine, context->runner.mine, context->tool.mine, context->lifeline, context->control};
    int count = 0, is_over = 0;
    while (live[1] >= 0 || count < 3) {
        uint8_t ready[5];
        step(clinux_poll(live, 5, 10000, ready), "poll");
        static const int order[] = {1, 2, 0};
        for (int place = 0; place < 3; place++) {
            int index = order[place], descriptor = -1;
            if (!ready[index]) continue;
            struct report report;
            long got = hear(live[index], &report, sizeof report, &descriptor);
            if (got == sizeof report && count < 3) {
                reports[count++] = report;
                if (descriptor >= 0) listeners[report.role == 't'] = descriptor;
            } else if (got == sizeof(struct clinux_end)) {
                // The program is over already.
                is_over = 1;
            } else if (got == 0 && (index > 0 || is_over)) {
                live[index] = -1;
            } else {
                if (got <= 0) strcpy((char *)&report, "a process ended without a word");
                clinux_send(told, &report, sizeof report, 0, 0, 0);
                _exit(125);
            }
        }
    }
}

static _Noreturn void watch(struct context *context, pid_t pid, int pidfd) {
    const int watched[] = {pidfd, context->init.mine, context->control, context->lifeline};
    int live[] = {pidfd, context->init.mine, context->control, context->lifeline}, code, signal;
    struct clinux_end end = {0, SIGKILL};
    for (;;) {
        uint8_t ready[4];
        if (clinux_poll(live, 4, -1, ready) <= 0) continue;
        if (ready[1] && hear(watched[1], &end, sizeof end, 0) <= 0) live[1] = -1;
        if (ready[2] || ready[3]) clinux_pidfd_signal(pidfd, SIGKILL), live[2] = live[3] = -1;
        if (!ready[0]) continue;
        clinux_pidfd_signal(pidfd, SIGKILL);
        clinux_wait(pid, 0, &code, &signal);
        close(context->lock);
        say(context->control, &end, sizeof end, -1);
        _exit(0);
    }
}

_Noreturn void run_launcher(struct context *context, const char *cgroup) {
    char what[256], ruled_out[2048], path[64], line[64];
    struct {
        int pid;
        struct report reports[3];
        char text[sizeof what];
    } answer;
    clinux_set_name("launcher");
    read_plan(context);
    open_lock(context);
    detach(context);
    const struct clinux_limits *limits = &context->plan.limits;
    int limited = step(clinux_cgroup_create(cgroup, limits, what, sizeof what, ruled_out, sizeof ruled_out), "cgroup");
    context->init = channel_pair();
    context->runner = channel_pair();
    context->tool = channel_pair();
    int pidfd = -1, listeners[2] = {-1, -1};
    uint64_t flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET;
    pid_t pid = step(limited == 0 ? clinux_cgroup_clone(cgroup, flags, &pidfd) : clinux_clone(flags, &pidfd), "clone");
    if (pid == 0) run_init(context);
    close(context->init.theirs);
    close(context->runner.theirs);
    close(context->tool.theirs);
    for (int index = 0; index < BINDS; index++) close(context->binds[index].tree);
    snprintf(line, sizeof line, "0 %d 3", BASE_ID);
    snprintf(path, sizeof path, "/proc/%d/uid_map", pid);
    step(clinux_write_file(path, line), "uid_map");
    snprintf(path, sizeof path, "/proc/%d/gid_map", pid);
    step(clinux_write_file(path, line), "gid_map");
    say(context->init.mine, "\1", 1, -1);
    collect(context, answer.reports, listeners);
    answer.pid = pid;
    memcpy(answer.text, what, sizeof what);
    // PID 1 cannot ask for its own filter once it is in force.
    step(clinux_status_number(pid, "Seccomp"), "the filter of PID 1");
    step(clinux_status_number(pid, "Seccomp_filters"), "the filters of PID 1");
    step(clinux_no_new_privileges(), "no_new_privs");
    step(ccap_keep_only(CAP_KILL), "drop capabilities");
    const int passed[] = {pidfd, listeners[0], listeners[1]};
    step(clinux_send(context->control, &answer, sizeof answer, passed, 3, 0), "report");
    const int over[] = {listeners[0], listeners[1], context->runner.mine, context->tool.mine, context->plan_file, context->bell,
                        context->events, context->output, context->error_output};
    for (size_t index = 0; index < sizeof over / sizeof *over; index++) close(over[index]);
    watch(context, pid, pidfd);
}
