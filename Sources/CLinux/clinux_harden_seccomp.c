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

int clinux_seccomp_tier(void) {
    // The allow-list comes last: what it leaves out is refused from then on, loading filters need not be among it.
    int result = clinux_without("seccomp-arguments") ? 0 : LOAD(clinux_filter_arguments);
    return result < 0 || clinux_without("seccomp-calls") ? result : LOAD(clinux_filter_calls);
}

int clinux_seccomp_init(void) { return LOAD(clinux_filter_init); }
