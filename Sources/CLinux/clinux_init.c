#define _GNU_SOURCE
#include "clinux_init.h"
#include "clinux_without.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int clinux_loopback_up(void) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    struct ifreq request;
    memset(&request, 0, sizeof request);
    memcpy(request.ifr_name, "lo", 3);
    request.ifr_flags = IFF_UP;
    int result = ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
    close(fd);
    return result;
}

int clinux_listen(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(clinux_without("net") ? 0 : port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 128) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    // The caller may make 0, 1 and 2 its standard streams after this.
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    int error = errno;
    close(fd);
    return high < 0 ? -error : high;
}

static struct clinux_end end_of(int status) {
    return (struct clinux_end){
        .code = WIFEXITED(status) ? WEXITSTATUS(status) : 0, .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0};
}

_Noreturn void clinux_init_loop(pid_t runner, int channel) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGCHLD);
    for (;;) {
        int status;
        pid_t pid;
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
            if (pid != runner) continue;
            struct clinux_end end = end_of(status);
            send(channel, &end, sizeof end, MSG_NOSIGNAL);
            _exit(0);
        }
        int number = sigwaitinfo(&set, NULL);
        if (number == SIGTERM) kill(runner, SIGTERM);
    }
}

// The parent of a process by /proc/<pid>/stat; 0 when it is gone.
static pid_t parent_of(int proc, const char *name) {
    char path[64], text[512];
    size_t length = strlen(name);
    if (length > 16) return 0;
    memcpy(path, name, length);
    memcpy(path + length, "/stat", 6);
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    if (got <= 0) return 0;
    text[got] = 0;
    // The command name stands in parentheses and may hold any character; after it come the state and the parent.
    char *place = strrchr(text, ')');
    if (!place || place[1] != ' ' || !place[2] || place[3] != ' ') return 0;
    if (place[2] == 'Z' || place[2] == 'X') return 0;
    return (pid_t)atoi(place + 4);
}

struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

// Calls of one scan; a tree with more processes is met by the next scan.
#define MOST_PROCESSES 4096

static pid_t pids[MOST_PROCESSES], parents[MOST_PROCESSES];

// Fills pids and parents with what /proc shows. Returns how many.
static int look(void) {
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0) return -errno;
    int count = 0;
    char buffer[8192] __attribute__((aligned(8)));
    long got;
    while ((got = syscall(SYS_getdents64, proc, buffer, sizeof buffer)) > 0) {
        for (long place = 0; place < got;) {
            struct entry *entry = (struct entry *)(buffer + place);
            place += entry->length;
            if (entry->name[0] < '1' || entry->name[0] > '9' || count == MOST_PROCESSES) continue;
            pids[count] = (pid_t)atoi(entry->name);
            parents[count] = parent_of(proc, entry->name);
            count++;
        }
    }
    close(proc);
    return count;
}

// Sends `signal` to what is below this process, but not to the children among `keep` and what is below those.
static int signal_below(int signal, const pid_t *keep, int kept) {
    static unsigned char below[MOST_PROCESSES];
    int count = look();
    if (count < 0) return count;
    memset(below, 0, sizeof below);
    pid_t self = getpid();
    int found = 0, changed = 1;
    while (changed) {
        changed = 0;
        for (int index = 0; index < count; index++) {
            if (below[index] || parents[index] == 0 || pids[index] == self) continue;
            int meant = parents[index] == self;
            for (int other = 0; meant && other < kept; other++) meant = keep[other] != pids[index];
            for (int other = 0; !meant && other < count; other++)
                meant = below[other] && pids[other] == parents[index];
            if (!meant) continue;
            below[index] = 1;
            changed = 1;
            found++;
        }
    }
    for (int index = 0; index < count; index++)
        if (below[index]) kill(pids[index], signal);
    return found;
}

int clinux_signal_tree(int signal) { return signal_below(signal, NULL, 0); }

// What was killed takes a moment to die; a signal for a death ends the wait early.
static void wait_a_moment(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    struct timespec moment = {.tv_nsec = 2000000};
    sigtimedwait(&set, NULL, &moment);
}

// Kills the tree and reaps it. Orphans come to this process, so that every round meets whoever is left.
static void end_tree(void) {
    for (;;) {
        clinux_signal_tree(SIGKILL);
        for (;;) {
            pid_t pid = waitpid(-1, NULL, WNOHANG);
            if (pid < 0 && errno == ECHILD) return;
            if (pid <= 0) break;
        }
        wait_a_moment();
    }
}

_Noreturn void clinux_call_loop(pid_t first, int channel, int background) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    int deaths = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    struct clinux_end end = {.code = 0, .signal = SIGKILL};
    int over = deaths < 0, killed = 0;
    while (!over) {
        struct pollfd polled[2] = {{.fd = channel, .events = POLLIN}, {.fd = deaths, .events = POLLIN}};
        poll(polled, 2, -1);
        struct signalfd_siginfo told;
        while (read(deaths, &told, sizeof told) > 0) {}
        int status;
        pid_t pid;
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
            if (pid != first) continue;
            end = end_of(status);
            over = !background;
        }
        if (pid < 0 && errno == ECHILD) over = 1;
        if (!over && polled[0].revents) {
            int32_t signal = 0;
            ssize_t got = recv(channel, &signal, sizeof signal, MSG_DONTWAIT);
            if (got == 0 || (got == sizeof signal && signal == SIGKILL)) over = killed = 1;
            else if (got == sizeof signal) clinux_signal_tree(signal);
        }
    }
    if (killed) end = (struct clinux_end){.code = 0, .signal = SIGKILL};
    end_tree();
    send(channel, &end, sizeof end, MSG_NOSIGNAL);
    _exit(0);
}

void clinux_end_strangers(const pid_t *keep, int count) {
    // Who is killed leaves its children to this process: every round meets those of the one before.
    for (int round = 0; round < 1000 && signal_below(SIGKILL, keep, count) > 0; round++) {
        while (waitpid(-1, NULL, WNOHANG) > 0) {}
        wait_a_moment();
    }
}

int clinux_child_deaths(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

void clinux_drain(int deaths) {
    struct signalfd_siginfo told;
    while (read(deaths, &told, sizeof told) > 0) {}
}
