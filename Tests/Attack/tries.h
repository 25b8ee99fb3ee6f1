// How attack.c tries one thing and prints what came of it.
#ifndef ATTACK_TRIES_H
#define ATTACK_TRIES_H

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <sched.h>
#include <signal.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static long call(long number, long a, long b, long c, long d, long e) {
    errno = 0;
    return syscall(number, a, b, c, d, e, 0);
}
#define CALL(number, ...) CALL_(number, ##__VA_ARGS__, 0, 0, 0, 0, 0)
#define CALL_(number, a, b, c, d, e, ...) call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

static char scratch[256] = "/tmp";
static const char *in_scratch(const char *name) {
    static char path[300];
    snprintf(path, sizeof path, "%s/%s", scratch, name);
    return path;
}

// A file of the process that started this one.
static const char *of_parent(const char *name) {
    static char path[300];
    snprintf(path, sizeof path, "/proc/%d/%s", getppid(), name);
    return path;
}

static void answer(const char *name, long result) {
    const char *error = result < 0 ? strerrorname_np(errno) : "OK";
    printf("%s %s\n", name, error ? error : "?");
}

static long open_for(const char *path, int flags) {
    errno = 0;
    long fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    if (fd >= 0) close((int)fd);
    return fd;
}

// What a covered file gives: -1 with errno, or how many bytes can be read of it (at most one).
static void answer_content(const char *name, const char *path) {
    errno = 0;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    char byte;
    if (fd < 0) return answer(name, -1);
    ssize_t got = read(fd, &byte, 1);
    printf("%s %s\n", name, got < 0 ? strerrorname_np(errno) : got == 0 ? "EMPTY" : "READ");
    close(fd);
}

static int count_entries(const char *path, int numbers_only) {
    int count = 0;
    DIR *directory = opendir(path);
    if (!directory) return -1;
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] == '.') continue;
        count += !numbers_only || strspn(entry->d_name, "0123456789") == strlen(entry->d_name);
    }
    closedir(directory);
    return count;
}

static int count_lines(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) return -1;
    int lines = 0, byte;
    while ((byte = fgetc(file)) != EOF) lines += byte == '\n';
    fclose(file);
    return lines;
}

// Sockets that have a path or an abstract name: the last of eight fields.
static int count_named_sockets(void) {
    FILE *file = fopen("/proc/net/unix", "r");
    char line[4096], name[4096];
    if (!file) return -1;
    int named = 0;
    while (fgets(line, sizeof line, file)) named += sscanf(line, "%*s %*s %*s %*s %*s %*s %*s %4095s", name) == 1;
    fclose(file);
    // The heading has a name for its last field too.
    return named - 1;
}

// As connect(2); a packet that has left and waits for its answer counts as connected.
static long connects(int fd, const struct sockaddr *to, socklen_t length) {
    fcntl(fd, F_SETFL, O_NONBLOCK);
    errno = 0;
    if (connect(fd, to, length) == 0) return 0;
    if (errno != EINPROGRESS) return -1;
    struct pollfd polled = {.fd = fd, .events = POLLOUT};
    if (poll(&polled, 1, 300) <= 0) return 0;
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    errno = error;
    return error ? -1 : 0;
}

static long tcp(const char *address, int port, int binds) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, address, &to.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    errno = 0;
    long result = binds ? bind(fd, (struct sockaddr *)&to, sizeof to) : connects(fd, (struct sockaddr *)&to, sizeof to);
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

// True for what is tried outside a sandbox, where what would do harm is left out.
static int is_outside(void) { return getenv("ATTACK_OUTSIDE") != 0; }

// A number that the sandbox was given as a limit.
static long granted(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text ? atol(text) : otherwise;
}

// Runs the try in a child and tells how it ended: "SIGSYS", or its own answer.
static void in_child(const char *name, long (*try)(void)) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        answer(name, try());
        fflush(stdout);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) printf("%s SIG%s\n", name, sigabbrev_np(WTERMSIG(status)));
}

#endif
