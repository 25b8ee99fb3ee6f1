// Mounts by the descriptor-based calls, so that no path of a sandbox is walked twice.
// Every function returns a value >= 0 or -errno; none allocates.
#ifndef CLINUX_MOUNT_H
#define CLINUX_MOUNT_H

#include <stdint.h>
#include <sys/types.h>

// What a mount may be restricted to; any combination.
#define CLINUX_MOUNT_READ_ONLY 1
#define CLINUX_MOUNT_NO_EXEC 2
#define CLINUX_MOUNT_DEVICES 4  // leaves device nodes usable; without it nodev is set

// A detached clone of what stands at `path` beneath `dirfd` (empty path: `dirfd` itself). Recursive when `recursive`.
int clinux_open_tree(int dirfd, const char *path, int recursive);

// Sets nosuid, and what `restrictions` says, on a tree; with `idmap` >= 0 also the ids of that user namespace.
int clinux_restrict_mount(int tree, const char *path, int restrictions, int recursive, int idmap);

// Attaches a detached tree at `path`, which must exist.
int clinux_attach(int tree, const char *path);

// A tmpfs of at most `bytes` and `inodes`, at `path`. `restrictions` as above.
int clinux_tmpfs(const char *path, uint64_t bytes, uint32_t inodes, uint32_t mode, uid_t uid, gid_t gid, int restrictions);

// proc and a devpts of its own, nosuid and noexec.
int clinux_mount_proc(const char *path);
int clinux_mount_devpts(const char *path, gid_t tty);

// Makes everything private: what happens outside is not seen inside, and the reverse.
int clinux_make_private(void);

// Makes `path` the root, lets go of the old one and leaves the caller in the new one, which turns read-only.
int clinux_pivot(const char *path);

// mkdir(2) that takes a directory already there; symlink(2); a new file with this text.
int clinux_make_directory(const char *path, uint32_t mode);
int clinux_make_link(const char *target, const char *path);
int clinux_make_file(const char *path, const char *text, uint32_t mode);

// The entries of /proc to be masked, one after the other: `kind` 0 read-only, 1 covered, 2 emptied. NULL after the last.
const char *clinux_proc_mask(int kind, int index);

// What stands at `path` itself: 0 nothing, 1 a directory, 2 a link, 3 something else. For a link its target goes
// into `target`.
int clinux_kind(const char *path, char *target, size_t size);

#endif
