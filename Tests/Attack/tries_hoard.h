// Tries of how much one sandbox may take: descriptors, timers, watches, processes, processors, a file, a core dump.
// An answer is the errno that ended the taking, or OVER when more was had than is granted.
#ifndef ATTACK_TRIES_HOARD_H
#define ATTACK_TRIES_HOARD_H

#include "tries.h"
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <time.h>

// Takes until it is refused, or one more than `most` is had.
static void answer_taken(const char *name, long most, long (*take)(void)) {
    long taken = 0;
    errno = 0;
    while (taken <= most && take() >= 0) taken++;
    const char *error = strerrorname_np(errno);
    printf("%s %s\n", name, taken > most ? "OVER" : error ? error : "?");
    fflush(stdout);
}

static long take_event(void) { return eventfd(0, EFD_CLOEXEC); }
static long take_watcher(void) { return inotify_init1(IN_CLOEXEC); }
static long take_timer(void) {
    struct sigevent none = {.sigev_notify = SIGEV_NONE};
    timer_t timer;
    // The C library keeps timers of its own otherwise.
    return syscall(SYS_timer_create, CLOCK_MONOTONIC, &none, &timer);
}
static long take_process(void) {
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    return child;
}

// Each in a child, whose end gives all back.
static void in_group(void (*body)(void)) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        body();
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
}

static void hoard_events(void) { answer_taken("PS21.descriptors", granted("ATTACK_FILES", 256), take_event); }
static void hoard_watchers(void) { answer_taken("PS25", 32, take_watcher); }
static void hoard_timers(void) { answer_taken("PS21.timers", 4096, take_timer); }
static void hoard_processes(void) {
    answer_taken("PS05", granted("ATTACK_PIDS", 64), take_process);
    signal(SIGTERM, SIG_IGN);
    kill(0, SIGKILL);
}

static void answer_core(void) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit;
        getrlimit(RLIMIT_CORE, &limit);
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_CORE, &limit);
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        if (chdir(scratch) < 0) _exit(1);
        abort();
    }
    int status = 0;
    waitpid(child, &status, 0);
    printf("PS23 %s\n", WIFSIGNALED(status) && WCOREDUMP(status) ? "CORE" : "NONE");
    char path[300];
    snprintf(path, sizeof path, "%s/core", scratch);
    unlink(path);
    snprintf(path, sizeof path, "%s/core.%d", scratch, child);
    unlink(path);
}

// A file of no content, one byte longer than is granted.
static void answer_sparse(const char *directory) {
    char path[300];
    snprintf(path, sizeof path, "%s/sparse", directory);
    signal(SIGXFSZ, SIG_IGN);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    errno = 0;
    answer("WR13", fd < 0 ? -1 : ftruncate(fd, granted("ATTACK_FILE", 1 << 30) + 1));
    unlink(path);
}

// Keeps all that may be had of what the kernel counts by user, until it is killed.
static void hold(void) {
    answer_taken("PS25", 32, take_watcher);
    answer_taken("PS21.timers", 4096, take_timer);
    for (;;) pause();
}

static void try_hoard(const char *directory) {
    in_group(hoard_events);
    in_group(hoard_watchers);
    in_group(hoard_timers);
    answer_core();
    answer_sparse(directory);
}

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// Percent of one processor that four busy processes get in three times 300 ms together; one alone is too short for an emulated
// processor, which stands still at times.
static int spin(void) {
    double used = 0, wall = 0;
    for (int round = 0; round < 3; round++) {
        struct rusage before, after;
        getrusage(RUSAGE_CHILDREN, &before);
        double begin = seconds(CLOCK_MONOTONIC);
        pid_t children[4];
        for (int index = 0; index < 4; index++) {
            if ((children[index] = fork()) == 0) {
                while (seconds(CLOCK_MONOTONIC) < begin + 0.3) {}
                _exit(0);
            }
        }
        for (int index = 0; index < 4; index++) waitpid(children[index], 0, 0);
        wall += seconds(CLOCK_MONOTONIC) - begin;
        getrusage(RUSAGE_CHILDREN, &after);
        used += (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_stime.tv_sec)
            + (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_stime.tv_usec) / 1e6;
    }
    return (int)(100 * used / wall);
}

static void try_bomb(void) {
    in_group(hoard_processes);
    int percent = spin();
    printf("# four busy processes had %d percent of a processor\n", percent);
    // Without a cgroup nobody grants a share, and none can be exceeded.
    if (getenv("ATTACK_CPU")) printf("PS15 %s\n", percent <= 2 * granted("ATTACK_CPU", 20) ? "WITHIN" : "OVER");
}

#endif
