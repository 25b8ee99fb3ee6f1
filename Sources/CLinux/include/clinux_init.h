// The loops of PID 1 and of a tool call's subreaper, and the network of a tier. For single-threaded callers.
// Every function returns a value >= 0 or -errno; none allocates.
#ifndef CLINUX_INIT_H
#define CLINUX_INIT_H

#include <stdint.h>
#include <sys/types.h>

// Brings the loopback interface of this network namespace up.
int clinux_loopback_up(void);

// A listening, non-blocking TCP socket on 127.0.0.1.
int clinux_listen(uint16_t port);

// How the runner ended, as PID 1 tells it.
struct clinux_end {
    int32_t code;
    int32_t signal;
};

// PID 1: reaps all, passes SIGTERM to the runner, and when the runner has ended sends a struct clinux_end on `channel`
// and exits, which ends everything in its pid namespace. SIGTERM and SIGCHLD must be blocked. Does not return.
_Noreturn void clinux_init_loop(pid_t runner, int channel);

// A call's subreaper: waits for `first`; when the call is over (`background`: its whole tree has ended) kills what is
// left of the tree, sends a struct clinux_end on `channel` and exits. What arrives on `channel` is one int32 signal for
// the whole tree; its end kills the tree. SIGCHLD must be blocked. Does not return.
_Noreturn void clinux_call_loop(pid_t first, int channel, int background);

// Sends `signal` to every process below this one. Returns how many there were.
int clinux_signal_tree(int signal);

// Kills and reaps every child whose pid is not among `keep`, and all that is below it. SIGCHLD must be blocked.
void clinux_end_strangers(const pid_t *keep, int count);

// A signalfd of SIGCHLD, which must be blocked; and its emptying.
int clinux_child_deaths(void);
void clinux_drain(int deaths);

#endif
