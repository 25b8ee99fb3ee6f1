#define _GNU_SOURCE
#include "clinux_spawn.h"
#include "clinux_without.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

pid_t clinux_clone(uint64_t flags, int *pidfd) { return clinux_clone_into(flags, pidfd, -1); }

pid_t clinux_clone_into(uint64_t flags, int *pidfd, int cgroup) {
    if (flags == 0 && !pidfd && cgroup < 0) {
        // clone3 cannot be filtered by its flags, which lie in memory: inside a tier it answers ENOSYS.
        pid_t pid = fork();
        return pid < 0 ? -errno : pid;
    }
    struct clone_args arguments;
    memset(&arguments, 0, sizeof arguments);
    arguments.flags = (flags & ~(uint64_t)clinux_without_namespaces()) | CLONE_CLEAR_SIGHAND | (pidfd ? CLONE_PIDFD : 0) | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0);
    arguments.cgroup = cgroup >= 0 ? (uint64_t)cgroup : 0;
    arguments.pidfd = (uint64_t)(uintptr_t)pidfd;
    arguments.exit_signal = SIGCHLD;
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    return pid < 0 ? -errno : (pid_t)pid;
}

int clinux_unshare(int flags) {
    return syscall(SYS_unshare, flags) < 0 ? -errno : 0;
}

int clinux_write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    size_t length = strlen(text);
    ssize_t written = write(fd, text, length);
    int error = written < 0 ? errno : written == (ssize_t)length ? 0 : EIO;
    close(fd);
    return -error;
}

int clinux_die_with_parent(void) {
    return prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? -errno : 0;
}

int clinux_set_dumpable(int on) {
    return prctl(PR_SET_DUMPABLE, on, 0, 0, 0) < 0 ? -errno : 0;
}

int clinux_become_subreaper(void) {
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int clinux_set_name(const char *name) {
    return prctl(PR_SET_NAME, name, 0, 0, 0) < 0 ? -errno : 0;
}

// The memory that /proc/<pid>/cmdline shows: glibc hands it to who is called before main.
static char *arguments;
static size_t arguments_size;

__attribute__((constructor)) static void find_arguments(int count, char **words) {
    if (count < 1) return;
    arguments = words[0];
    arguments_size = (size_t)(words[count - 1] - words[0]) + strlen(words[count - 1]) + 1;
}

int clinux_set_arguments(const char *text) {
    size_t length = strlen(text);
    if (length + 2 > arguments_size) return -ENOSPC;
    memset(arguments, 0, arguments_size);
    memcpy(arguments, text, length);
    // The kernel takes an end without a 0 for setproctitle(3): it shows the text, and not how much there was.
    arguments[arguments_size - 1] = '.';
    return 0;
}

void clinux_reset_signals(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; number++) sigaction(number, &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void clinux_block_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_SETMASK, &set, NULL);
}

int clinux_become(uid_t uid, gid_t gid, int clear_groups) {
    if (clear_groups && setgroups(0, NULL) < 0) return -errno;
    if (setresgid(gid, gid, gid) < 0) return -errno;
    if (setresuid(uid, uid, uid) < 0) return -errno;
    uid_t ids[3];
    gid_t groups[3];
    if (getresuid(&ids[0], &ids[1], &ids[2]) < 0 || getresgid(&groups[0], &groups[1], &groups[2]) < 0) return -errno;
    for (int index = 0; index < 3; index++)
        if (ids[index] != uid || groups[index] != gid) return -EPERM;
    return 0;
}

int clinux_set_real_uid(uid_t uid) {
    return setresuid(uid, 0, 0) < 0 ? -errno : 0;
}

int64_t clinux_status_number(pid_t pid, const char *field) {
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    ssize_t got = read(fd, text, sizeof text - 1);
    int error = errno;
    close(fd);
    if (got < 0) return -error;
    text[got] = 0;
    size_t length = strlen(field);
    for (char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, field, length) == 0 && line[length] == ':') return strtoll(line + length + 1, NULL, 10);
    return -ENOENT;
}

int clinux_open_directory(const char *path) {
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

const uint64_t clinux_path_only = O_PATH;

// Where copies of descriptors stand while the places below are filled: above all places, below every limit of open files.
#define FIRST_COPY 32

// The highest descriptor that is closed.
static unsigned int last_closed(void) { return clinux_without("descriptors") ? 98 : ~0U; }

int clinux_keep_only(const int *keep, int count) {
    if (count < 0 || count > 64) return -EINVAL;
    unsigned int next = 0;
    for (;;) {
        unsigned int nearest = ~0U;
        for (int index = 0; index < count; index++)
            if (keep[index] >= 0 && (unsigned int)keep[index] >= next && (unsigned int)keep[index] < nearest)
                nearest = (unsigned int)keep[index];
        if (nearest > next && syscall(SYS_close_range, next, nearest == ~0U ? last_closed() : nearest - 1, 0) < 0) return -errno;
        if (nearest == ~0U) return 0;
        next = nearest + 1;
    }
}

int clinux_copy_beyond(int fd, uint32_t open_files) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    int number = (int)(open_files < limit.rlim_max ? open_files : limit.rlim_max - 1);
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    if (fcntl(number, F_GETFD) >= 0) return -EMFILE;
    return dup2(fd, number) < 0 ? -errno : number;
}

int clinux_place(const int *fds, int count, int *spare, int beyond) {
    int high[17];
    if (count < 0 || count > 16) return -EINVAL;
    for (int index = 0; index < count; index++) {
        high[index] = fcntl(fds[index], F_DUPFD_CLOEXEC, FIRST_COPY);
        if (high[index] < 0) return -errno;
    }
    int kept = -1;
    if (*spare >= 0) {
        kept = fcntl(*spare, F_DUPFD_CLOEXEC, FIRST_COPY);
        if (kept < 0) return -errno;
    }
    for (int index = 0; index < count; index++)
        if (dup2(high[index], index) < 0) return -errno;
    unsigned int first = (unsigned int)count;
    if (kept >= 0) {
        if (dup3(kept, count, O_CLOEXEC) < 0) return -errno;
        *spare = count;
        first++;
    }
    unsigned int last = last_closed(), apart = (unsigned int)beyond;
    if (beyond >= 0 && apart <= last) {
        if (syscall(SYS_close_range, first, apart - 1, 0) < 0) return -errno;
        first = apart + 1;
    }
    return syscall(SYS_close_range, first, last, 0) < 0 ? -errno : 0;
}

int clinux_exec(const char *path, char *const argv[], char *const envp[]) {
    execve(path, argv, envp);
    return -errno;
}

int clinux_idmap_namespace(uid_t uid, gid_t gid, uid_t shown_uid, gid_t shown_gid) {
    pid_t pid = clinux_clone(CLONE_NEWUSER, NULL);
    if (pid < 0) return pid;
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) pause();
    }
    char path[64], line[64];
    snprintf(path, sizeof path, "/proc/%d/uid_map", pid);
    snprintf(line, sizeof line, "%u %u 1", uid, shown_uid);
    int result = clinux_write_file(path, line);
    if (result == 0) {
        snprintf(path, sizeof path, "/proc/%d/gid_map", pid);
        snprintf(line, sizeof line, "%u %u 1", gid, shown_gid);
        result = clinux_write_file(path, line);
    }
    if (result == 0) {
        snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
        result = open(path, O_RDONLY | O_CLOEXEC);
        if (result < 0) result = -errno;
    }
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
    return result;
}

pid_t clinux_wait(pid_t pid, int no_wait, int *code, int *signal) {
    int status = 0;
    pid_t got;
    do got = waitpid(pid, &status, no_wait ? WNOHANG : 0);
    while (got < 0 && errno == EINTR);
    if (got < 0) return -errno;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    *signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return got;
}

int clinux_flock(int fd) {
    return flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}

int clinux_is_sealed(int fd) {
    int seals = fcntl(fd, F_GET_SEALS);
    int wanted = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK;
    return seals >= 0 && (seals & wanted) == wanted;
}

int clinux_poll(const int *fds, int count, int milliseconds, uint8_t *ready) {
    struct pollfd few[64];
    if (count < 0 || count > CLINUX_MAX_POLLED) return -EINVAL;
    struct pollfd *polled = count <= 64 ? few : malloc((size_t)count * sizeof *polled);
    if (polled == NULL) return -ENOMEM;
    for (int index = 0; index < count; index++) polled[index] = (struct pollfd){.fd = fds[index], .events = POLLIN};
    int number = poll(polled, (nfds_t)count, milliseconds);
    if (number < 0) number = -errno;
    for (int index = 0; number >= 0 && index < count; index++) ready[index] = polled[index].revents != 0;
    if (polled != few) free(polled);
    return number;
}

int64_t clinux_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
