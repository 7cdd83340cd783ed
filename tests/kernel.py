"""What the kernel has, which tests may need."""

import socket


def has_sctp():
    """As a module it is loaded by asking."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM,
                      socket.IPPROTO_SCTP).close()
        return True
    except OSError:
        return False
