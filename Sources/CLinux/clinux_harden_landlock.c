#define _GNU_SOURCE
#include "clinux_harden.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// The system's headers may be older than the kernel: the interface is written down here (Linux 6.12, ABI 6).
struct ruleset_attributes {
    uint64_t fs, net, scoped;
};
struct path_attributes {
    uint64_t access;
    int32_t parent;
} __attribute__((packed));
struct port_attributes {
    uint64_t access, port;
};

enum {
    rule_path = 1,
    rule_port = 2,
    version_flag = 1,
};

#define FS(bit) (UINT64_C(1) << (bit))
static const uint64_t execute = FS(0), write_file = FS(1), read_file = FS(2), read_dir = FS(3);
static const uint64_t make_char = FS(6), make_block = FS(11), truncate_file = FS(14), ioctl_device = FS(15);
static const uint64_t abi2 = FS(14) - 1, net_bind = 1, net_connect = 2, scope_all = 3;

int clinux_landlock_abi(void) {
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, version_flag);
    return abi < 0 ? 0 : (int)abi;
}

static uint64_t handled(int abi) {
    uint64_t all = abi2;
    if (abi >= 3) all |= truncate_file;
    if (abi >= 5) all |= ioctl_device;
    return all;
}

static uint64_t access_of(uint32_t rights, uint64_t all) {
    uint64_t access = 0;
    if (rights & CLINUX_LIST) access |= read_dir;
    if (rights & CLINUX_READ) access |= read_dir | read_file;
    if (rights & CLINUX_EXECUTE) access |= execute | read_file;
    if (rights & CLINUX_DEVICE) access |= read_file | write_file | truncate_file | ioctl_device;
    if (rights & CLINUX_WRITE) access |= all & ~(execute | read_file | read_dir | make_char | make_block | ioctl_device);
    return access & all;
}

static int add_path(int ruleset, const struct clinux_path_rule *rule, uint64_t all) {
    int fd = open(rule->path, O_PATH | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? 0 : -errno;
    struct stat status;
    int result = fstat(fd, &status) < 0 ? -errno : 0;
    if (result == 0) {
        uint64_t access = access_of(rule->rights, all);
        if (!S_ISDIR(status.st_mode)) access &= execute | write_file | read_file | truncate_file | ioctl_device;
        struct path_attributes attributes = {.access = access, .parent = fd};
        if (access && syscall(SYS_landlock_add_rule, ruleset, rule_path, &attributes, 0) < 0) result = -errno;
    }
    close(fd);
    return result;
}

int clinux_landlock(const struct clinux_path_rule *rules, int count, uint16_t connect_port) {
    int abi = clinux_landlock_abi();
    if (abi < 2) return 0;
    int network = abi >= 4 && connect_port != 0;
    struct ruleset_attributes attributes = {
        .fs = handled(abi), .net = network ? net_bind | net_connect : 0, .scoped = abi >= 6 ? scope_all : 0};
    // An older kernel refuses a longer structure only if what it does not know is set.
    long created = syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (created < 0) return -errno;
    int ruleset = (int)created, result = 0;
    for (int index = 0; index < count && result == 0; index++) {
        result = add_path(ruleset, &rules[index], attributes.fs);
    }
    if (result == 0 && network) {
        struct port_attributes port = {.access = net_connect, .port = connect_port};
        if (syscall(SYS_landlock_add_rule, ruleset, rule_port, &port, 0) < 0) result = -errno;
    }
    if (result == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0) result = -errno;
    close(ruleset);
    return result < 0 ? result : abi;
}
