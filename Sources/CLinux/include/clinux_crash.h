// Where test builds (NANOCLAW_FAULTS) can be made to die: the shipped binaries have none of it.
#ifndef CLINUX_CRASH_H
#define CLINUX_CRASH_H

// Ends the process by SIGKILL when the file that the environment's NANOCLAW_CRASH names (in a runner, which has no such
// variable: /workspace/state/.crash) holds `name` as its first line. The line is removed first: each is good for one death.
void clinux_crash_point(const char *name);

// Takes the first line of the file that NANOCLAW_CRASH_SANDBOX names, "ROLE STEP", for the launcher that is forked next:
// that step of that role is its death. Without a line nothing dies.
void clinux_crash_arm_next(void);

// Gives up what clinux_crash_arm_next took, in the process that has forked.
void clinux_crash_disarm(void);

// Writes how many launchers have died so into the file "NANOCLAW_CRASH_SANDBOX".hits, when that has changed.
void clinux_crash_tell(void);

// True when the environment's NANOCLAW_MUTANT is `name`: a mistake made on purpose, to show that a test sees it.
int clinux_is_mutant(const char *name);

#endif
