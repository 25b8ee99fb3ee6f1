// Terminals: what Swift's Glibc module leaves out.
#ifndef CLINUX_TERMINAL_H
#define CLINUX_TERMINAL_H

#include <stdint.h>

// wcwidth(3): the columns of a Unicode scalar in the current locale; -1 for one that cannot be printed.
int clinux_width(uint32_t scalar);

#endif
