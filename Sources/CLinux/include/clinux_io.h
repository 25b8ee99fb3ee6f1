// Linux calls that Swift cannot make by itself: variadic ones, those without a glibc wrapper, and control messages.
// Every function returns a value >= 0 or -errno; none allocates.
#ifndef CLINUX_IO_H
#define CLINUX_IO_H

#include <stddef.h>
#include <stdint.h>
#include <linux/openat2.h>
#include <sys/epoll.h>
#include <sys/types.h>

// Most descriptors that one message may carry.
#define CLINUX_MAX_FDS 16

// openat2(2). `resolve` takes RESOLVE_* bits. Returns the descriptor.
int clinux_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);

// Sends one message with `fd_count` descriptors (SCM_RIGHTS). `flags` as for sendmsg(2); MSG_NOSIGNAL is added.
// Returns the bytes sent.
ssize_t clinux_send(int socket, const void *bytes, size_t length, const int *fds, int fd_count, int flags);

// Receives one message and at most `*fd_count` descriptors, which arrive close-on-exec; sets `*fd_count` to how many came.
// Returns the bytes received, 0 at the end, -EMSGSIZE (with everything closed) when message or descriptors were cut.
ssize_t clinux_receive(int socket, void *bytes, size_t length, int *fds, int *fd_count, int flags);

// pidfd_open(2) and pidfd_send_signal(2).
int clinux_pidfd_open(pid_t pid);
int clinux_pidfd_signal(int pidfd, int signal);

// socketpair(2) of SOCK_SEQPACKET, close-on-exec, both ends into `ends`.
int clinux_seqpacket_pair(int ends[2]);

// pipe2(2), close-on-exec: the reading end, then the writing end, into `ends`.
int clinux_pipe_cloexec(int ends[2]);

// Raises the soft limit of open files (RLIMIT_NOFILE) to the hard one, at most `most`; never lowers it.
// Returns the soft limit that holds then, at most INT_MAX.
int clinux_raise_open_files(int most);

// mallopt(3), M_ARENA_MAX: how many heaps the threads of this process share; 1 when it was taken. To be called before there are
// more.
int clinux_limit_arenas(int count);

// malloc_trim(3): gives memory that the heaps hold unused back to the system.
void clinux_trim_heap(void);

// Credentials of the process at the other end of a unix socket (SO_PEERCRED).
int clinux_peer(int socket, pid_t *pid, uid_t *uid, gid_t *gid);

// Open-file-description locks (fcntl F_OFD_SETLK, F_OFD_GETLK) on `length` bytes from `start`.
// `kind` is F_RDLCK, F_WRLCK or F_UNLCK. `test` returns 1 when another description stands in the way, else 0.
int clinux_ofd_lock(int fd, short kind, off_t start, off_t length);
int clinux_ofd_test(int fd, short kind, off_t start, off_t length);

// memfd_create(2) with close-on-exec and sealing; and the seals write, grow, shrink, seal.
int clinux_memfd(const char *name);
int clinux_memfd_seal(int fd);

#endif
