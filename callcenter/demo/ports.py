"""Free ports on loopback for programs that must be told theirs beforehand.

They are taken below the range from which the system gives outgoing connections theirs, and at random, so that several
runs on one machine do not get in each other's way between our look and the program's bind.
"""

from __future__ import annotations

import random
import socket

_FIRST, _LAST = 10_000, 32_000
_random = random.SystemRandom()


def udp() -> int:
    """Find a free UDP port."""
    return _find(socket.SOCK_DGRAM)


def tcp() -> int:
    """Find a free TCP port."""
    return _find(socket.SOCK_STREAM)


def udp_range(size: int) -> tuple[int, int]:
    """Find free UDP ports in a row, for RTP: the first, an even one, and the last."""
    while True:
        first = _random.randrange(_FIRST, _LAST - size, 2)
        if all(_free(port, socket.SOCK_DGRAM) for port in range(first, first + size)):
            return first, first + size - 1


def _find(kind: socket.SocketKind) -> int:
    while True:
        port = _random.randrange(_FIRST, _LAST)
        if _free(port, kind):
            return port


def _free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
