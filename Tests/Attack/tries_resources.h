// Tries of what a sandbox may use up, run and reach: programs in odd places, memory, processes, addresses, rules on rules.
#ifndef ATTACK_TRIES_RESOURCES_H
#define ATTACK_TRIES_RESOURCES_H

#include "tries.h"
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <mqueue.h>
#include <netdb.h>
#include <sys/shm.h>

static int copies_itself(int to) {
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    char bytes[65536];
    ssize_t got = -1;
    while (from >= 0 && (got = read(from, bytes, sizeof bytes)) > 0 && write(to, bytes, (size_t)got) == got) {}
    if (from >= 0) close(from);
    return got == 0;
}

// Starts a program that checks its own confinement: OK when it ran confined, LOOSE when not, else why it did not run.
static void answer_start(const char *name, const char *path) {
    char *words[] = {"attack", "confined", 0}, *nothing[] = {0};
    pid_t child = fork();
    if (child == 0) {
        execve(path, words, nothing);
        _exit(errno);
    }
    int status = 0;
    waitpid(child, &status, 0);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 254;
    printf("%s %s\n", name, code == 0 ? "OK" : code == 255 ? "LOOSE" : code == 254 ? "KILLED" : strerrorname_np(code));
}

static int is_confined(void) {
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2;
}

static void answer_start_in(const char *name, const char *directory) {
    char path[300];
    snprintf(path, sizeof path, "%s/attack-copy", directory);
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0700);
    if (fd < 0 || !copies_itself(fd)) {
        printf("%s UNCOPIED\n", name);
        return;
    }
    close(fd);
    fflush(stdout);
    answer_start(name, path);
    unlink(path);
}

// `directory` is where the agent may write in the workspace.
static void try_workspace(const char *directory) {
    char link[300];
    snprintf(link, sizeof link, "%s/link", directory);
    if (symlink("/etc/shadow", link) < 0) {
        printf("RF06 UNLINKED\n");
    } else {
        answer("RF06", open_for(link, O_RDONLY));
    }
    unlink(link);
    answer_start_in("WR14", directory);
}

static void answer_memory_program(void) {
    char path[64];
    int fd = memfd_create("attack", 0);
    if (fd < 0 || !copies_itself(fd)) return answer("NS22", -1);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    // A file that is open for writing is never started: a second descriptor, for reading only.
    int second = open(path, O_RDONLY);
    close(fd);
    snprintf(path, sizeof path, "/proc/self/fd/%d", second);
    fflush(stdout);
    answer_start("NS22", path);
    close(second);
}

// Those of this program: on the box others have theirs.
static int zombies(void) {
    int count = 0;
    char own[20] = "(";
    prctl(PR_GET_NAME, own + 1, 0, 0, 0);
    strcat(own, ")");
    DIR *directory = opendir("/proc");
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
        char path[300], text[512] = "";
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        FILE *file = fopen(path, "r");
        if (!file) continue;
        size_t got = fread(text, 1, sizeof text - 1, file);
        const char *after = got ? strrchr(text, ')') : 0;
        count += after && after[1] == ' ' && after[2] == 'Z' && strstr(text, own);
        fclose(file);
    }
    if (directory) closedir(directory);
    return directory ? count : -1;
}

// Fifty orphans that end after their parents: PID 1 has two seconds to collect them.
static void answer_orphans(void) {
    fflush(stdout);
    int made = 0;
    for (int index = 0; index < 50; index++) {
        int ends[2];
        if (pipe(ends) < 0) break;
        pid_t child = fork();
        if (child == 0) {
            if (fork() == 0) {
                char byte;
                close(ends[1]);
                _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
            }
            _exit(0);
        }
        close(ends[0]);
        close(ends[1]);
        int status = 1;
        made += child > 0 && waitpid(child, &status, 0) == child;
    }
    int left = zombies();
    for (int waited = 0; left != 0 && waited < 200; waited++) {
        usleep(10000);
        left = zombies();
    }
    printf("PS06 %d of %d\n", left, made);
}

// More than was granted, in one file: refused before a page is taken.
static void answer_size(const char *name, const char *directory) {
    char path[300];
    snprintf(path, sizeof path, "%s/large", directory);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) return answer(name, -1);
    signal(SIGXFSZ, SIG_IGN);
    errno = 0;
    answer(name, fallocate(fd, 0, 0, (off_t)granted("ATTACK_TMP", 8 << 20) + (1 << 20)));
    close(fd);
    unlink(path);
}

// More empty files than were granted.
static void answer_files(const char *name, const char *directory) {
    char path[300];
    int made = 0, fd = 0;
    for (; made < 1100; made++) {
        snprintf(path, sizeof path, "%s/file-%d", directory, made);
        if ((fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) < 0) break;
        close(fd);
    }
    answer(name, fd < 0 ? -1 : 0);
    while (made-- > 0) {
        snprintf(path, sizeof path, "%s/file-%d", directory, made);
        unlink(path);
    }
}

static void try_resources(void) {
    answer_start_in("WR03", "/dev/shm");
    answer_memory_program();
    answer_orphans();
    answer_size("PS11.tmp", "/tmp");
    answer_size("PS11.shm", "/dev/shm");
    answer_files("PS12", "/dev/shm");
    answer("PS19.queue", CALL(SYS_mq_open, "nanoclaw", O_CREAT | O_RDWR, 0600, 0));
    mq_unlink("/nanoclaw");
}

// What the kernel says to a request over NETLINK_ROUTE.
static long ask_route(const void *request, size_t length) {
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[256];
    } reply = {0};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0 || send(fd, request, length, 0) < 0) return -1;
    if (recv(fd, &reply, sizeof reply, 0) < (ssize_t)sizeof reply.header || reply.header.nlmsg_type != NLMSG_ERROR) {
        errno = EBADMSG;
        return -1;
    }
    errno = -reply.error.error;
    return errno ? -1 : 0;
}

static long delete_route(void) {
    struct {
        struct nlmsghdr header;
        struct rtmsg route;
        struct rtattr kind;
        struct in_addr to;
    } request = {
        {sizeof request, RTM_DELROUTE, NLM_F_REQUEST | NLM_F_ACK, 1, 0},
        {.rtm_family = AF_INET, .rtm_dst_len = 32, .rtm_table = RT_TABLE_LOCAL, .rtm_scope = RT_SCOPE_NOWHERE},
        {sizeof(struct rtattr) + sizeof(struct in_addr), RTA_DST},
        {htonl(INADDR_LOOPBACK)}};
    return ask_route(&request, sizeof request);
}

// RTM_NEWLINK over the loopback, which stays as it is: a new one would make the kernel load a module.
static long change_link(void) {
    struct {
        struct nlmsghdr header;
        struct ifinfomsg link;
    } request = {
        {sizeof request, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0}, {.ifi_family = AF_UNSPEC, .ifi_index = 1}};
    return ask_route(&request, sizeof request);
}

static long tcp6(const char *address, int port) {
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    inet_pton(AF_INET6, address, &to.sin6_addr);
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? -1 : connects(fd, (struct sockaddr *)&to, sizeof to);
}

static long datagram(const char *address, int port, int connects) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, address, &to.sin_addr);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    errno = 0;
    if (connects) return connect(fd, (struct sockaddr *)&to, sizeof to);
    return sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof to);
}

static void answer_name(void) {
    struct addrinfo *found = 0;
    int error = getaddrinfo("example.com", "443", 0, &found);
    printf("NW03 %s\n", error == 0 ? "OK" : error == EAI_AGAIN ? "EAI_AGAIN" : error == EAI_NONAME ? "EAI_NONAME" : "?");
}

// Puts rules that allow everything on itself, then writes where only the first rules forbid it.
static long landlock_over(void) {
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    unsigned long long handled = 1ULL << 1;
    struct __attribute__((packed)) {
        unsigned long long allowed;
        int parent;
    } below = {1ULL << 1, open("/", O_PATH | O_CLOEXEC)};
    long rules = CALL(444, &handled, sizeof handled, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || rules < 0) return -1;
    if (CALL(445, rules, 1, &below, 0) < 0 || CALL(446, rules, 0) < 0) return -1;
    return open_for("/proc/self/comm", O_WRONLY);
}

static void try_reaching(void) {
    answer("NW01.v6", tcp6("2606:4700::1111", 443));
    answer("NW11.v6", tcp6("fd00:ec2::254", 80));
    answer("NW02.connect", datagram("8.8.8.8", 53, 1));
    answer("NW02.send", datagram("8.8.8.8", 53, 0));
    answer_name();
    in_child("NS17", landlock_over);
    answer("NW07.link", change_link());
    // Last: where it succeeds, nothing is reached any more.
    answer("NW14", delete_route());
}

#endif
