#define _GNU_SOURCE
#include "clinux_harden.h"
#include "clinux_mount.h"
#include "clinux_without.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int clinux_open_tree(int dirfd, const char *path, int recursive) {
    unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0) | (*path ? 0 : AT_EMPTY_PATH);
    long tree = syscall(SYS_open_tree, dirfd, path, flags);
    return tree < 0 ? -errno : (int)tree;
}

int clinux_restrict_mount(int tree, const char *path, int restrictions, int recursive, int idmap) {
    struct mount_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.attr_set = MOUNT_ATTR_NOSUID;
    if (restrictions & CLINUX_MOUNT_READ_ONLY) attributes.attr_set |= MOUNT_ATTR_RDONLY;
    if (restrictions & CLINUX_MOUNT_NO_EXEC) attributes.attr_set |= MOUNT_ATTR_NOEXEC;
    if (!(restrictions & CLINUX_MOUNT_DEVICES)) attributes.attr_set |= MOUNT_ATTR_NODEV;
    if (clinux_without("mount-flags")) attributes.attr_set = 0;
    attributes.propagation = MS_PRIVATE;
    if (idmap >= 0) {
        attributes.attr_set |= MOUNT_ATTR_IDMAP;
        attributes.userns_fd = (uint64_t)idmap;
    }
    unsigned int flags = (recursive ? AT_RECURSIVE : 0) | (*path ? 0 : AT_EMPTY_PATH);
    return syscall(SYS_mount_setattr, tree, path, flags, &attributes, sizeof attributes) < 0 ? -errno : 0;
}

int clinux_attach(int tree, const char *path) {
    return syscall(SYS_move_mount, tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? -errno : 0;
}

int clinux_tmpfs(const char *path, uint64_t bytes, uint32_t inodes, uint32_t mode, uid_t uid, gid_t gid, int restrictions) {
    char options[160];
    snprintf(options, sizeof options, "size=%llu,nr_inodes=%u,mode=%o,uid=%u,gid=%u", (unsigned long long)bytes, inodes,
             mode, uid, gid);
    if (clinux_without("tmpfs-limits")) snprintf(options, sizeof options, "mode=%o,uid=%u,gid=%u", mode, uid, gid);
    unsigned long flags = MS_NOSUID;
    if (restrictions & CLINUX_MOUNT_READ_ONLY) flags |= MS_RDONLY;
    if (restrictions & CLINUX_MOUNT_NO_EXEC) flags |= MS_NOEXEC;
    if (!(restrictions & CLINUX_MOUNT_DEVICES)) flags |= MS_NODEV;
    if (clinux_without("mount-flags")) flags = 0;
    return mount("tmpfs", path, "tmpfs", flags, options) < 0 ? -errno : 0;
}

int clinux_mount_proc(const char *path) {
    // A new one needs a pid namespace of one's own: what is there without is the box's.
    if (clinux_without("pid")) return mount("/proc", path, NULL, MS_BIND | MS_REC, NULL) < 0 ? -errno : 0;
    return mount("proc", path, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 ? -errno : 0;
}

int clinux_mount_devpts(const char *path, gid_t tty) {
    char options[80];
    snprintf(options, sizeof options, "newinstance,ptmxmode=0666,mode=620,gid=%u", tty);
    return mount("devpts", path, "devpts", MS_NOSUID | MS_NOEXEC, options) < 0 ? -errno : 0;
}

int clinux_make_private(void) {
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;
}

int clinux_pivot(const char *path) {
    if (chdir(path) < 0) return -errno;
    if (syscall(SYS_pivot_root, ".", ".") < 0) return -errno;
    // The old root lies over the new one; the current directory is the new one.
    if (!clinux_without("old-root") && umount2(".", MNT_DETACH) < 0) return -errno;
    if (chdir("/") < 0) return -errno;
    struct stat above, root;
    if (stat("/..", &above) < 0 || stat("/", &root) < 0) return -errno;
    if (above.st_ino != root.st_ino || above.st_dev != root.st_dev) return -EXDEV;
    return clinux_restrict_mount(AT_FDCWD, "/", CLINUX_MOUNT_READ_ONLY, 0, -1);
}

int clinux_make_directory(const char *path, uint32_t mode) {
    if (mkdir(path, mode) == 0) return chmod(path, mode) < 0 ? -errno : 0;
    return errno == EEXIST ? 0 : -errno;
}

int clinux_make_link(const char *target, const char *path) {
    return symlink(target, path) < 0 ? -errno : 0;
}

int clinux_make_file(const char *path, const char *text, uint32_t mode) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) return -errno;
    size_t length = strlen(text);
    ssize_t written = length ? write(fd, text, length) : 0;
    int error = written < 0 ? errno : written == (ssize_t)length ? 0 : ENOSPC;
    if (!error && fchmod(fd, mode) < 0) error = errno;
    close(fd);
    return -error;
}

int clinux_kind(const char *path, char *target, size_t size) {
    struct stat status;
    if (lstat(path, &status) < 0) return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
    if (S_ISDIR(status.st_mode)) return 1;
    if (!S_ISLNK(status.st_mode)) return 3;
    ssize_t length = readlink(path, target, size - 1);
    if (length < 0) return -errno;
    target[length] = 0;
    return 2;
}

const char *clinux_proc_mask(int kind, int index) {
    const char *const *list = kind == 0 ? clinux_proc_readonly : kind == 1 ? clinux_proc_covered : clinux_proc_emptied;
    return list[index];
}
