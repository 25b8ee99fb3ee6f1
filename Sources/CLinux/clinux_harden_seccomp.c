#define _GNU_SOURCE
#include "clinux_harden.h"
#include "clinux_without.h"
#include "seccomp_filters.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(sizeof(struct clinux_instruction) == sizeof(struct sock_filter), "the layout of the kernel's instruction");

static int load(const struct clinux_instruction *instructions, size_t count) {
    struct sock_fprog program = {.len = (unsigned short)count, .filter = (struct sock_filter *)instructions};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
}

#define LOAD(filter) load(filter, sizeof filter / sizeof *filter)

int clinux_seccomp_passing(int socket) {
    if (clinux_without("seccomp-arguments")) return 0;
    // What a message carries lies in memory, where no filter sees it; sendto(2), send(2) and write(2) carry none.
    const struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendmmsg, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendmsg, 0, 3),
        // The lower half: the number is an int.
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)socket, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return load((const struct clinux_instruction *)instructions, sizeof instructions / sizeof *instructions);
}

int clinux_seccomp_tier(void) {
    // The allow-list comes last: what it leaves out is refused from then on, loading filters need not be among it.
    int result = clinux_without("seccomp-arguments") ? 0 : LOAD(clinux_filter_arguments);
    return result < 0 || clinux_without("seccomp-calls") ? result : LOAD(clinux_filter_calls);
}

int clinux_seccomp_init(void) { return LOAD(clinux_filter_init); }
