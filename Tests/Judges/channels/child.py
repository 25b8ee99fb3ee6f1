"""Real servers as children of a judge: a free port for each, and none that outlives its parent."""

import ctypes
import signal
import socket


def free_port():
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


LIBC = ctypes.CDLL(None)


def die_with_parent():
    """For `preexec_fn`: the kernel ends the child when its parent ends, however that comes."""
    LIBC.prctl(1, signal.SIGTERM)
