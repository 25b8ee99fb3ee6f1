// Sockets: what Swift's Glibc module leaves out.
#ifndef CLINUX_SOCKET_H
#define CLINUX_SOCKET_H

// accept4(2), close-on-exec and non-blocking from the first instant. Returns the descriptor or -errno.
int clinux_accept(int listener);

#endif
