"""The network of a context: its own loopback, and nothing else."""

import fcntl
import struct
from _socket import AF_INET, SOCK_DGRAM, socket as Socket

_SIOCSIFFLAGS = 0x8914
_IFF_UP_AND_RUNNING = 0x1 | 0x40
_REQUEST = struct.pack("16sH14x", b"lo", _IFF_UP_AND_RUNNING)


def bring_up_loopback() -> None:
    control = Socket(AF_INET, SOCK_DGRAM)
    try:
        fcntl.ioctl(control.fileno(), _SIOCSIFFLAGS, _REQUEST)
    finally:
        control.close()
