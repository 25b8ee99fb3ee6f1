// The hardening layers of a sandbox: limits, Landlock, seccomp, and what the kernel says of them afterwards. Every function
// returns a value >= 0 or -errno. None allocates; all expect a single-threaded process. Capabilities are dropped through
// libcap: see CCap.
#ifndef CLINUX_HARDEN_H
#define CLINUX_HARDEN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// MARK: - Limits

// What one session may use at most. 0 means no limit of that kind.
struct clinux_limits {
    uint64_t memory_bytes, tmp_bytes, file_bytes;
    uint32_t pids, cpu_percent, open_files;
};

// Three quarters of the memory that this process may use: the machine's, or what its own cgroup is limited to.
uint64_t clinux_cgroup_share(void);

// From here on the cgroups of this process and its children are made beneath one named `name`, which bounds what all of them
// take together: `memory_bytes`, and half of the processes and threads that the machine can have. What runs outside has as
// much of the processors as all of them together. It is made with the first of them. Returns 0 or -EINVAL.
int clinux_cgroup_bound(const char *name, uint64_t memory_bytes);

// Removes the one that bounds them, if none is left beneath it.
void clinux_cgroup_unbound(void);

// Makes the cgroup(s) `name` ([A-Za-z0-9_-], at most 64) with its limits already in force: v2 where memory and pids are
// delegated, else v1 where it may be written. `what` (256 bytes and more) tells what is used, such as
// "v1 memory,swap,pids,cpu,freezer", or is empty; `ruled_out` (1024 and more) has one line "step: reason (errno n)" for each
// stronger way that did not work. Returns 0 when there is a cgroup that bounds memory and processes, 1 when there is none.
int clinux_cgroup_create(
    const char *name, const struct clinux_limits *limits, char *what, size_t what_size, char *ruled_out,
    size_t ruled_out_size);

// clone3 as clinux_clone does it, the child in cgroup `name` in every hierarchy in which it was made. In v1 the calling
// process goes there for as long as that takes: it must be single-threaded.
pid_t clinux_cgroup_clone(const char *name, uint64_t flags, int *pidfd);

// Kills what is left in cgroup `name` and removes it; waits at most 2 s for the kernel to let it go. One that does not exist
// counts as removed.
int clinux_cgroup_remove(const char *name);

// Removes every cgroup whose name begins with `prefix` and in which no process is left: those of a host that died.
// Returns how many.
int clinux_cgroup_sweep(const char *prefix);

// What the whole machine has written since it started, or -errno: bytes of file pages that were made dirty, and bytes that
// went to its disks, so that most count twice (nr_dirtied and pgpgout of /proc/vmstat).
int64_t clinux_machine_written(void);

// Bytes that the processes in cgroup `name` have made dirty or written past the cache: write_bytes of /proc/PID/io, which a
// parent that reaps its child takes over; one that ignores SIGCHLD does not. -ETIME: it took over `milliseconds`. What may not
// be read counts as 0: see ptrace_may_access() in the kernel's kernel/ptrace.c. Who made the user namespace may read each that
// has executed a program in it; for those that are not dumpable, PID 1 among them, it takes CAP_SYS_PTRACE.
int64_t clinux_cgroup_written(const char *name, int64_t milliseconds);

// Processor time of the calling thread.
int64_t clinux_processor_microseconds(void);

// Stops every process in cgroup `name`, or lets them go on. Returns 0 or -errno. In v1 one that is frozen dies of SIGKILL only
// when it goes on.
int clinux_cgroup_freeze(const char *name, int frozen);

// A descriptor by which who has lost the right to the cgroup's files can let its processes go on. -errno: there is none.
int clinux_cgroup_thawer(const char *name);
void clinux_cgroup_thaw(int thawer);

// Sets the resource limits of the calling process. The same for every sandbox: CORE 1 (with 0 the kernel starts a `|handler`
// of core_pattern all the same), MEMLOCK 1 MiB, MSGQUEUE 0, RTPRIO 0, NICE 0, SIGPENDING 4096. From `limits`: FSIZE, NOFILE,
// and NPROC, which counts the threads of this uid in its user namespace: call it inside the second one. A value above the
// hard limit in force is lowered to it. `rootless` is not 0 when all tiers have one uid.
int clinux_rlimits(const struct clinux_limits *limits, int rootless);

// Makes a hard limit of core dumps of 0 (RLIMIT_CORE) 1, so that clinux_rlimits finds no less: see there. It takes
// CAP_SYS_RESOURCE; without, -EPERM.
int clinux_raise_core_limit(void);

// Limits the namespaces that may exist in the calling process's user namespace, through `path`, the sys/user directory of a
// /proc that is writable still: at most `user` user namespaces for each uid, those that exist included; of other kinds no
// more than exist now; 32 inotify instances. Call it when all other namespaces of the sandbox have been made.
int clinux_user_limits(const char *path, int user);

// Limits what stands in the calling process's ipc namespace without a process that has it, through `path`, the sys/kernel
// directory of a /proc that is writable still: `bytes` of shared memory, 32 message queues, 128 sets of semaphores. A kernel
// that lets nobody but the box's root set them (before Linux 6.9) is no error.
int clinux_ipc_limits(const char *path, uint64_t bytes);

// MARK: - Small steps

// prctl(PR_SET_NO_NEW_PRIVS, 1). The seccomp loaders and Landlock need it.
int clinux_no_new_privileges(void);

// Joins a new anonymous session keyring, so that none of the host's is reachable.
int clinux_keyring_detach(void);

// What to do with the entries of a sandbox's /proc, NULL-terminated, relative to it: directories to be bound read-only,
// files to be covered with /dev/null, directories to be covered with an empty read-only tmpfs. Some exist on some kernels
// only.
extern const char *const clinux_proc_readonly[];
extern const char *const clinux_proc_covered[];
extern const char *const clinux_proc_emptied[];

// MARK: - Landlock

// Rights of a path rule. Rights that only directories have are left out for files, those that the kernel does not know for
// all.
#define CLINUX_READ 1     // read files, list directories
#define CLINUX_EXECUTE 2  // execute files
#define CLINUX_WRITE 4    // write, create, remove, rename, link, truncate; sockets, FIFOs and symlinks too, never devices
#define CLINUX_DEVICE 8   // read, write and ioctl(2) on files that exist
#define CLINUX_LIST 16    // list directories

struct clinux_path_rule {
    const char *path;
    uint32_t rights;
};

// Landlock's ABI number, 0 in a kernel without it.
int clinux_landlock_abi(void);

// Confines the calling process and all that it will start to `rules`: each grants `rights` beneath the absolute `path`; one
// that does not exist is skipped. What no rule grants is EACCES. From ABI 4, with `connect_port` not 0, TCP may connect to
// that port alone and bind to none. From ABI 6, abstract sockets and signals do not leave the domain. Call it after
// no_new_privs and after the last mount: a confined process cannot mount.
// Returns the ABI in force, 0 (nothing is confined) in a kernel without Landlock or with ABI 1, which cannot rename between
// directories.
int clinux_landlock(const struct clinux_path_rule *rules, int count, uint16_t connect_port);

// MARK: - seccomp

// Loads the two stacked filters of a tier: the one on arguments, then the allow-list that answers ENOSYS. They stand in
// seccomp_filters.h; libseccomp is not used at run time.
int clinux_seccomp_tier(void);

// Loads the runner tier's own filter, before those two: sendmsg(2) is EPERM over every descriptor but `socket`, sendmmsg(2)
// over all, so that no descriptor is passed to anybody else. `socket` comes from clinux_copy_beyond, with the limit of that number
// in force: under a number that could be given anew it would say nothing.
int clinux_seccomp_passing(int socket);

// Loads the filter of PID 1, which reaps, waits, passes signals on and reports. Any other call ends the process.
int clinux_seccomp_init(void);

// MARK: - Facts

// What the kernel says of the calling process. Strings end with a 0 byte.
struct clinux_facts {
    uint32_t uid, gid, groups;    // effective; number of supplementary groups
    uint32_t no_new_privs;
    uint32_t seccomp;             // mode: 2 is a filter
    uint32_t seccomp_filters;     // how many are stacked; 0 also where the kernel does not tell
    uint64_t caps[5];             // inheritable, permitted, effective, bounding, ambient
    uint32_t securebits;
    char namespaces[512];         // "user:[1] mnt:[2] pid:[3] net:[4] ipc:[5] uts:[6] cgroup:[7]"
    char uid_map[128], gid_map[128];  // one line after the other, blanks squeezed
    uint32_t landlock_abi;
    uint32_t landlock_denied;     // 1: writing /proc/self/comm, which nothing but Landlock forbids, was refused
    int32_t userns_errno;         // what unshare(CLONE_NEWUSER) answers under the filter; -1: not asked, 0: it worked
    uint32_t mounts;              // lines of mountinfo
    uint32_t root_readonly;
    uint32_t dumpable;
    uint64_t limit_processes, limit_files, limit_file_bytes, limit_core;  // hard limits; UINT64_MAX: none
    char cgroup[256];             // one line after the other, joined by ' '
};

// Fills `facts` from /proc/self, prctl and getrlimit; nothing is copied from a plan. Needs open, read, readlink, statfs.
int clinux_read_facts(struct clinux_facts *facts);

// MARK: - Faults: these exist only in test builds (NANOCLAW_FAULTS)

// Reads what is to fail from `plan`, "<role>:<k>" (from NANOCLAW_FAULT), and begins as role "spawner". NULL: nothing.
int clinux_fault_arm(const char *plan);

// From here on this process is `role`; its steps are counted from 1.
int clinux_fault_role(const char *role);

// To be asked before the step `name` is done: -EPERM when it is the one that is to fail, else 0.
int clinux_fault(const char *name);

// Reads which layers are left out from `names`, separated by commas (from NANOCLAW_WITHOUT); NULL: none. -EINVAL when there is
// no layer of such a name.
int clinux_without_arm(const char *names);

// True when this layer is left out.
int clinux_without(const char *layer);

// True when this step is part of a layer that is left out: it is not done.
int clinux_without_step(const char *name);

// The CLONE_NEW* flags that are left out.
uint64_t clinux_without_namespaces(void);

#endif
