// Terminals: what Swift's Glibc module leaves out.
#ifndef CLINUX_TERMINAL_H
#define CLINUX_TERMINAL_H

#include <stdint.h>

// wcwidth(3): the columns of a Unicode scalar in the current locale; -1 for one that cannot be printed.
int clinux_width(uint32_t scalar);

// Makes each of these signals write its number, one byte, into a pipe instead of what it does by itself; none that comes
// after the call is lost. Returns the pipe's reading end, non-blocking and close-on-exec, or -errno. Once per process.
int clinux_signal_pipe(const int *signals, int count);

#endif
