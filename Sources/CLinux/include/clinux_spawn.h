// Processes of the sandbox: namespaces, identities, descriptors, programs. For single-threaded callers.
// Every function returns a value >= 0 or -errno; none allocates.
#ifndef CLINUX_SPAWN_H
#define CLINUX_SPAWN_H

#include <linux/sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// clone3(2) as a fork: `flags` takes CLONE_NEW*; signal handlers are reset in the child, SIGCHLD tells its end. Without
// flags and pidfd it is fork(2).
// With `pidfd` not null a pidfd of the child is stored there. Returns 0 in the child, its pid in the parent.
pid_t clinux_clone(uint64_t flags, int *pidfd);

// The same, in the v2 cgroup of this directory from the first instruction on; in the caller's for -1.
pid_t clinux_clone_into(uint64_t flags, int *pidfd, int cgroup);

// unshare(2).
int clinux_unshare(int flags);

// Writes a whole small file that exists (uid_map, setgroups, sysctls).
int clinux_write_file(const char *path, const char *text);

// prctl(2): PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_NAME.
int clinux_die_with_parent(void);
int clinux_set_dumpable(int on);
int clinux_become_subreaper(void);
int clinux_set_name(const char *name);

// Makes /proc/<pid>/cmdline of this process and its forks show `text` alone, in place of what it was started with. -ENOSPC: that
// was shorter. Nobody may read argv afterwards.
int clinux_set_arguments(const char *text);

// Empty signal mask, every disposition default.
void clinux_reset_signals(void);

// Blocks SIGTERM and SIGCHLD, for who waits for them with sigtimedwait.
void clinux_block_signals(void);

// setgroups(empty) if `clear_groups`, then setresgid and setresuid to one identity.
int clinux_become(uid_t uid, gid_t gid, int clear_groups);

// Real uid `uid`, effective and saved 0: so that kill(2) reaches processes of that uid without a capability.
int clinux_set_real_uid(uid_t uid);

// A number of /proc/<pid>/status, such as "Seccomp".
int64_t clinux_status_number(pid_t pid, const char *field);

// An O_PATH descriptor of a directory of our own; links in the path are followed.
int clinux_open_directory(const char *path);

// O_PATH, which Swift does not import.
extern const uint64_t clinux_path_only;

// Closes every descriptor that is not among `keep` (`count` <= 64).
int clinux_keep_only(const int *keep, int count);

// A copy of `fd`, inherited by exec, at the number `open_files`, or just below this process's hard limit (RLIMIT_NOFILE) where
// that is no higher. Under a limit of the returned number no process can put anything else there. Raises the soft limit.
int clinux_copy_beyond(int fd, uint32_t open_files);

// Makes fds[0..count) the descriptors 0..count-1 (inherited by exec) and `*spare` the descriptor `count`, close-on-exec;
// closes all others but `beyond`. `count` <= 16; `*spare` and `beyond` may be -1.
int clinux_place(const int *fds, int count, int *spare, int beyond);

// execve(2). Returns -errno.
int clinux_exec(const char *path, char *const argv[], char *const envp[]);

// A user namespace in which the on-disk ids uid and gid are shown as shown_uid and shown_gid: for id-mapped mounts.
// Needs root. Returns its descriptor.
int clinux_idmap_namespace(uid_t uid, gid_t gid, uid_t shown_uid, gid_t shown_gid);

// waitpid(2): what the ended child answered as `code` (exited) or `signal` (killed). Returns the pid, 0 with nothing
// to reap under `no_wait`.
pid_t clinux_wait(pid_t pid, int no_wait, int *code, int *signal);

// flock(2) exclusive, without waiting.
int clinux_flock(int fd);

// F_GET_SEALS holds write, grow and shrink: returns 1, else 0.
int clinux_is_sealed(int fd);

// Most descriptors that one clinux_poll watches: a spawner's sandboxes and its host.
#define CLINUX_MAX_POLLED 65536

// poll(2) for input on `count` <= CLINUX_MAX_POLLED descriptors; sets ready[i]. Returns how many are ready, 0 after
// `milliseconds` (-1: never). Allocates beyond 64.
int clinux_poll(const int *fds, int count, int milliseconds, uint8_t *ready);

// Monotonic milliseconds.
int64_t clinux_milliseconds(void);

#endif
