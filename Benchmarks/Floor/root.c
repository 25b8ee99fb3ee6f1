// The root of a tier: nanoclaw-sandbox/Mounts.
#define _GNU_SOURCE
#include "sandbox.h"
#include "clinux_mount.h"
#include "clinux_spawn.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ROOT "/tmp"
enum { READ_ONLY = CLINUX_MOUNT_READ_ONLY, NO_EXEC = CLINUX_MOUNT_NO_EXEC, DEVICES = CLINUX_MOUNT_DEVICES };

// ROOT and this path, until the next call.
static const char *inside(const char *path) {
    static char whole[256];
    snprintf(whole, sizeof whole, ROOT "%s", path);
    return whole;
}

static void make(const char *path) { step(clinux_make_directory(inside(path), 0755), path); }
static void link_to(const char *target, const char *path) { step(clinux_make_link(target, inside(path)), path); }
static void write_file(const char *path, const char *text, uint32_t mode) {
    step(clinux_make_file(inside(path), text, mode), path);
}
static void tmpfs(const char *path, uint64_t bytes, uint32_t inodes, uint32_t mode, uint32_t owner, int restrictions) {
    step(clinux_tmpfs(inside(path), bytes, inodes, mode, owner, owner, restrictions), path);
}

static void attach(const char *source, const char *target, int recursive, int restrictions) {
    int tree = step(clinux_open_tree(AT_FDCWD, source, recursive), source);
    step(clinux_restrict_mount(tree, "", restrictions, recursive, -1), source);
    step(clinux_attach(tree, target), source);
    close(tree);
}

static void system_folders(void) {
    static const char *const paths[] = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
    for (size_t index = 0; index < sizeof paths / sizeof *paths; index++) {
        char target[256];
        int kind = step(clinux_kind(paths[index], target, sizeof target), paths[index]);
        if (kind == 2) link_to(target, paths[index]);
        if (kind != 1) continue;
        make(paths[index]);
        attach(paths[index], inside(paths[index]), 1, READ_ONLY);
    }
    link_to("/tmp", "/var/tmp");
    link_to("/run", "/var/run");
}

static void share(const char *path) {
    char target[512];
    int kind = clinux_kind(path, target, sizeof target);
    if (kind <= 0) return;
    if (!strncmp(path, "/etc/ssl/", 9)) make("/etc/ssl");
    if (kind == 2) {
        link_to(target, path);
        return;
    }
    if (kind == 1) make(path);
    else write_file(path, "", 0644);
    attach(path, inside(path), 1, READ_ONLY | NO_EXEC);
}

static void etc(enum tier tier) {
    char accounts[256];
    snprintf(accounts, sizeof accounts, "root:x:0:0:root:/root:/usr/sbin/nologin\nagent:x:1000:1000:agent:%s:/bin/sh\n"
             "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n", tier == RUNNER ? "/workspace/state" : "/workspace/agent");
    write_file("/etc/passwd", accounts, 0644);
    write_file("/etc/group", "root:x:0:\nagent:x:1000:\nnogroup:x:65534:\n", 0644);
    write_file("/etc/hosts", "127.0.0.1 localhost nanoclaw\n", 0644);
    write_file("/etc/hostname", "nanoclaw\n", 0644);
    write_file("/etc/resolv.conf", "# No name is resolved here: the proxy at 127.0.0.1:3128 does it.\n", 0644);
    write_file("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n", 0644);
    static const char *const shared[] = {
        "/etc/ld.so.cache", "/etc/localtime", "/etc/os-release", "/etc/alternatives", "/etc/chromium.d", "/etc/debian_version",
        "/etc/fonts", "/etc/magic", "/etc/mime.types", "/etc/protocols", "/etc/python3", "/etc/services", "/etc/ssl/certs",
        "/etc/ssl/openssl.cnf"};
    size_t count = tier == RUNNER ? 3 : sizeof shared / sizeof *shared;
    for (size_t index = 0; index < count; index++) share(shared[index]);
}

static void devices(uint64_t bytes) {
    static const char *const names[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"};
    for (size_t index = 0; index < sizeof names / sizeof *names; index++) {
        write_file(names[index], "", 0666);
        attach(names[index], inside(names[index]), 0, DEVICES | NO_EXEC);
    }
    link_to("/proc/self/fd", "/dev/fd");
    link_to("/proc/self/fd/0", "/dev/stdin");
    link_to("/proc/self/fd/1", "/dev/stdout");
    link_to("/proc/self/fd/2", "/dev/stderr");
    link_to("pts/ptmx", "/dev/ptmx");
    make("/dev/pts");
    step(clinux_mount_devpts(inside("/dev/pts"), 0), "devpts");
    make("/dev/shm");
    tmpfs("/dev/shm", bytes < 64 << 20 ? bytes : 64 << 20, 1024, 01777, 0, NO_EXEC);
}

// Read-only, covered with /dev/null, or emptied: what of the lists this kernel has.
static void mask_proc(void) {
    for (int kind = 0; kind < 3; kind++) {
        const char *name;
        for (int index = 0; (name = clinux_proc_mask(kind, index)); index++) {
            char path[128], none;
            snprintf(path, sizeof path, ROOT "/proc/%s", name);
            if (clinux_kind(path, &none, 1) <= 0) continue;
            if (kind == 2) step(clinux_tmpfs(path, 4096, 2, 0555, 0, 0, READ_ONLY), path);
            else attach(kind == 0 ? path : ROOT "/dev/null", path, 0, READ_ONLY | NO_EXEC);
        }
    }
}

static void workspace(struct context *context, enum tier tier) {
    if (tier == TOOL) {
        make("/workspace/inbound");
        link_to("agent-runner", "/run/nanoclaw/nanoclaw");
    }
    for (int index = 0; index < BINDS; index++) {
        const struct bind *bind = &context->binds[index];
        if (bind->tier != tier) continue;
        if (bind->is_file) write_file(bind->target, "", 0755);
        else make(bind->target);
        step(clinux_attach(bind->tree, inside(bind->target)), bind->target);
        close(bind->tree);
    }
    if (tier == TOOL) {
        make("/workspace/agent");
        tmpfs("/workspace/agent", context->plan.limits.tmp_bytes, 65536, 0700, 2, 0);
    }
    make("/workspace/instructions");
}

int build_root(struct context *context, enum tier tier) {
    static const char *const folders[] = {"/etc", "/dev", "/proc", "/run", "/run/nanoclaw", "/tmp", "/var", "/workspace"};
    uint64_t bytes = context->plan.limits.tmp_bytes;
    tmpfs("", 512 << 10, 768, 0755, 0, 0);
    for (size_t index = 0; index < sizeof folders / sizeof *folders; index++) make(folders[index]);
    system_folders();
    etc(tier);
    devices(bytes);
    step(clinux_mount_proc(inside("/proc")), "proc");
    int limits = step(clinux_open_directory(inside("/proc/sys/user")), "/proc/sys/user");
    mask_proc();
    tmpfs("/tmp", bytes, 65536, 01777, 0, 0);
    workspace(context, tier);
    step(clinux_pivot(ROOT), "pivot_root");
    return limits;
}
