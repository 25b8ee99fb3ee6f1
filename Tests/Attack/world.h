// A stand-in for the world around a sandbox: a network namespace whose loopback has the addresses that the cases try, with
// somebody who answers on each, a resolver that knows every name, and a descriptor of the root that leaks into what is started.
// What reaches something here would reach it in the real world; nothing leaves the machine. Needs root.
#ifndef ATTACK_WORLD_H
#define ATTACK_WORLD_H

#include "tries_calls.h"
#include <net/if.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

// The number of the descriptor that leaks.
enum { planted = 99 };

static void give_address(int index, const char *address) {
    struct ifreq request = {0};
    snprintf(request.ifr_name, sizeof request.ifr_name, index ? "lo:%d" : "lo", index);
    struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;
    in->sin_family = AF_INET;
    inet_pton(AF_INET, address, &in->sin_addr);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (index) ioctl(fd, SIOCSIFADDR, &request);
    request.ifr_flags = IFF_UP;
    ioctl(fd, SIOCSIFFLAGS, &request);
    close(fd);
}

static void give_address6(const char *address) {
    struct {
        struct in6_addr address;
        unsigned prefix;
        int interface;
    } request = {.prefix = 128, .interface = (int)if_nametoindex("lo")};
    inet_pton(AF_INET6, address, &request.address);
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) ioctl(fd, SIOCSIFADDR, &request);
    close(fd);
}

static int listener(int family, int type, int port) {
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    static const char name[] = "nanoclaw-host-abstract";
    memcpy(path.sun_path + 1, name, sizeof name - 1);
    const struct sockaddr *at = family == AF_INET ? (void *)&four : family == AF_INET6 ? (void *)&six : (void *)&path;
    socklen_t length = family == AF_INET ? sizeof four : family == AF_INET6 ? sizeof six
        : (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof name);
    int fd = socket(family, type | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0) return -1;
    if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, 26 /* IPV6_V6ONLY */, &on, sizeof on);
    if (bind(fd, at, length) < 0) return -1;
    if (type == SOCK_STREAM) listen(fd, 64);
    return fd;
}

// The question with one answer: 192.0.2.1, or nothing for another type than A.
static void answer_question(int fd) {
    unsigned char bytes[512];
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    ssize_t got = recvfrom(fd, bytes, sizeof bytes - 16, 0, (struct sockaddr *)&from, &length);
    if (got < 17) return;
    size_t end = 12;
    while (end < (size_t)got && bytes[end]) end += bytes[end] + 1;
    end += 5;
    if (end > (size_t)got) return;
    int is_address = bytes[end - 3] == 1;
    bytes[2] = 0x81;
    bytes[3] = 0x80;
    bytes[7] = (unsigned char)is_address;
    memset(bytes + 8, 0, 4);
    static const unsigned char record[] = {0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1};
    if (is_address) memcpy(bytes + end, record, sizeof record);
    sendto(fd, bytes, end + (is_address ? sizeof record : 0), 0, (struct sockaddr *)&from, length);
}

// Answers until the process that `alive` refers to has ended.
static void answer_all(int ready, int alive) {
    struct pollfd polled[] = {
        {listener(AF_INET, SOCK_STREAM, 22), POLLIN, 0},   {listener(AF_INET, SOCK_STREAM, 80), POLLIN, 0},
        {listener(AF_INET, SOCK_STREAM, 443), POLLIN, 0},  {listener(AF_INET6, SOCK_STREAM, 443), POLLIN, 0},
        {listener(AF_INET6, SOCK_STREAM, 80), POLLIN, 0},
        {listener(AF_UNIX, SOCK_STREAM, 0), POLLIN, 0},    {listener(AF_INET, SOCK_DGRAM, 53), POLLIN, 0},
        {alive, POLLIN, 0}};
    const int count = sizeof polled / sizeof *polled - 1;
    if (write(ready, "y", 1) != 1) _exit(1);
    close(ready);
    for (;;) {
        poll(polled, (nfds_t)count + 1, -1);
        if (polled[count].revents) _exit(0);
        for (int index = 0; index < count; index++) {
            if (!(polled[index].revents & POLLIN)) continue;
            if (index == count - 1) {
                answer_question(polled[index].fd);
            } else {
                close(accept(polled[index].fd, 0, 0));
            }
        }
    }
}

static int enter_world(char **words) {
    if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 || mount(0, "/", 0, MS_REC | MS_PRIVATE, 0) < 0) return 125;
    static const char *const addresses[] = {"127.0.0.1", "1.1.1.1", "8.8.8.8", "169.254.169.254"};
    for (int index = 0; index < 4; index++) give_address(index, addresses[index]);
    give_address6("2606:4700::1111");
    give_address6("fd00:ec2::254");
    char resolver[] = "/tmp/nanoclaw-resolver-XXXXXX";
    int fd = mkstemp(resolver);
    if (fd < 0 || write(fd, "nameserver 8.8.8.8\n", 19) != 19 || fchmod(fd, 0644) < 0) return 125;
    close(fd);
    int mounted = mount(resolver, "/etc/resolv.conf", 0, MS_BIND, 0), error = errno;
    unlink(resolver);
    // Without the file this machine is asked, where the same answers come from.
    if (mounted < 0 && error != ENOENT) return 125;
    int ends[2];
    char byte;
    if (pipe(ends) < 0) return 125;
    pid_t parent = getpid();
    if (fork() == 0) {
        // Nothing of the caller's stays open here: the ends of its pipes are signs.
        dup2(ends[1], 0);
        // Not by a signal at its death: it changes its user, and may send us none then.
        dup2((int)syscall(SYS_pidfd_open, parent, 0), 1);
        syscall(SYS_close_range, 2, ~0U, 0);
        if (getppid() != parent) _exit(0);
        answer_all(0, 1);
    }
    close(ends[1]);
    if (read(ends[0], &byte, 1) != 1) return 125;
    close(ends[0]);
    int root = open("/", O_RDONLY | O_DIRECTORY);
    if (dup2(root, planted) < 0) return 125;
    close(root);
    // A sandbox's launcher must stay this process; what is tried outside gets a terminal.
    if (is_outside()) {
        pid_t child = fork();
        if (child != 0) {
            int status = 0;
            waitpid(child, &status, 0);
            return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
        }
        int terminal = own_terminal();
        // Without its other end it would be gone.
        for (int fd = 3; fd < planted; fd++) fcntl(fd, F_SETFD, 0);
        if (terminal < 0) return 126;
    }
    execvp(words[0], words);
    return 127;
}

#endif
