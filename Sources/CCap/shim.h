// What the sandbox needs of libcap, with its results checked: every function returns 0 or -errno.
#ifndef CCAP_SHIM_H
#define CCAP_SHIM_H

#include <errno.h>
#include <linux/securebits.h>
#include <sys/capability.h>
#include <sys/prctl.h>

// Reads all five sets and the secure bits back. Returns how many capabilities are left beside `allowed` (a bit mask for the
// permitted and effective sets; the other three must be empty), or -errno.
static inline int ccap_left(unsigned long long allowed) {
    cap_t state = cap_get_proc();
    if (!state) return -errno;
    int left = 0;
    for (cap_value_t capability = 0; capability < cap_max_bits(); capability++) {
        const cap_flag_t sets[] = {CAP_INHERITABLE, CAP_PERMITTED, CAP_EFFECTIVE};
        for (int set = 0; set < 3; set++) {
            cap_flag_value_t value = CAP_CLEAR;
            if (cap_get_flag(state, capability, sets[set], &value) < 0) value = CAP_SET;
            int kept = sets[set] != CAP_INHERITABLE && (allowed >> capability & 1);
            left += value != CAP_CLEAR && !kept;
        }
        left += cap_get_bound(capability) > 0;
        left += cap_get_ambient(capability) > 0;
    }
    cap_free(state);
    return left;
}

// Drops every capability from all five sets, the bounding set included, locks the secure bits so that none comes back by
// exec or setuid, and reads everything back. -EPERM if anything is left. Needs CAP_SETPCAP in the process's own user
// namespace.
static inline int ccap_drop_all(void) {
    if (cap_set_mode(CAP_MODE_NOPRIV) < 0) return -errno;
    if (cap_get_mode() != CAP_MODE_NOPRIV) return -EPERM;
    int left = ccap_left(0);
    return left < 0 ? left : left > 0 ? -EPERM : 0;
}

// Drops every capability but `capability`, which stays permitted and effective; nothing is left to be gained by exec.
static inline int ccap_keep_only(cap_value_t capability) {
    for (cap_value_t bound = 0; cap_get_bound(bound) >= 0; bound++) {
        if (cap_get_bound(bound) > 0 && cap_drop_bound(bound) < 0) return -errno;
    }
    if (cap_reset_ambient() < 0) return -errno;
    const unsigned locked = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
        SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
        SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
    if (cap_set_secbits(locked) < 0) return -errno;
    cap_t state = cap_get_proc();
    if (!state) return -errno;
    cap_flag_value_t had = CAP_CLEAR;
    int result = cap_get_flag(state, capability, CAP_PERMITTED, &had) < 0 || cap_clear(state) < 0 ? -errno : 0;
    // A process that runs without privilege has none to keep.
    if (result == 0 && had == CAP_SET) {
        if (cap_set_flag(state, CAP_PERMITTED, 1, &capability, CAP_SET) < 0 ||
            cap_set_flag(state, CAP_EFFECTIVE, 1, &capability, CAP_SET) < 0)
            result = -errno;
    }
    if (result == 0 && cap_set_proc(state) < 0) result = -errno;
    cap_free(state);
    if (result < 0) return result;
    int left = ccap_left(1ULL << capability);
    return left < 0 ? left : left > 0 ? -EPERM : 0;
}

#endif
