// A sandbox of two tiers as nanoclaw-sandbox builds it, in plain C: the same processes, the same calls in the same order.
// The C of the single steps is the launcher's own (Sources/CLinux, CCap/shim.h), with its filters, its masks of /proc and its
// rules of Landlock: a step that changes there changes here. Written anew is what is Swift there: who does which step when, and
// what the processes tell one another. docs/benchmarks.md says what is the same and what is near it.
#pragma once
#include "clinux_harden.h"
#include <sys/types.h>

// What the host keeps of a sandbox.
struct sandbox {
    int control, bell, events, output, error_output;
    int pidfd, runner_listener, tool_listener;
};

// Starts the process that builds sandboxes for sessions below `home`; answers the socket it listens on.
int start_service(const char *home);

// As root, makes a file or folder the service's; else it is the caller's, who is the service.
void give_to_service(const char *path);

// Makes HOME/SESSION with what a session has, all of it the service's.
void make_session_folders(const char *home, const char *session);

// Builds a sandbox for HOME/SESSION and executes `words` in its runner tier: from the request to the report of both tiers.
struct sandbox spawn_sandbox(int service, const char *session, char *const *words);

// Waits until every process of it is dead.
void end_sandbox(struct sandbox *sandbox);

// MARK: - Between the processes of the set-up

enum tier { RUNNER, TOOL };
enum { SERVICE_ID = 65534, BASE_ID = 0x70000000, AGENT_ID = 1000, MODEL_PORT = 3128, CALL_PORT = 3129, BINDS = 6 };

struct plan {
    char session[64];
    struct clinux_limits limits;
    char words[4][64];
};

// The launcher's end of a channel and the other.
struct channel {
    int mine, theirs;
};

struct bind {
    enum tier tier;
    const char *source, *target;
    int restrictions, is_owned, is_file;
    int tree;
};

// All that PID 1 and its children need to know; copied to each by fork.
struct context {
    const char *home, *program;
    struct plan plan;
    int plan_file, control, bell, events, output, error_output, lifeline, lock;
    int maps[2];
    struct channel init, runner, tool;
    struct bind binds[BINDS];
};

// What a process says when it is finished; a failure is a text instead.
struct report {
    char role;
    struct clinux_facts facts;
};

// Where this process tells what failed.
extern int told;

// Tells `what` and ends the process when the result is below 0.
int step(long result, const char *what);

struct channel channel_pair(void);
void say(int channel, const void *bytes, size_t length, int descriptor);
// Waits for a message; answers its length, and the descriptor that came with it.
long hear(int channel, void *bytes, size_t room, int *descriptor);

_Noreturn void run_launcher(struct context *context, const char *cgroup);
_Noreturn void run_init(struct context *context);
_Noreturn void run_tool(struct context *context, int socket);
_Noreturn void run_runner_tier(struct context *context, int tools, int gate);

// Builds a tier's root and makes it the process's own; answers a descriptor of /proc/sys/user.
int build_root(struct context *context, enum tier tier);
