// What the runner needs beside clinux_io.h. Every function returns a value >= 0 or -errno.
#ifndef CLINUX_RUNNER_H
#define CLINUX_RUNNER_H

// Makes SIGTERM write one byte into a pipe instead of ending the process, and ignores SIGPIPE.
// Returns the pipe's reading end, non-blocking and close-on-exec. Once per process.
int clinux_termination_pipe(void);

#endif
