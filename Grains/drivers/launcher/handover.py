"""Connections of the host's on their way from the launcher to a supervisor."""

import os
import socket

from .checkpoints.attachments import RESTORE, SAVE

# What a connection is for.
EXECUTE = b"E"
PURPOSES = {"save": SAVE, "restore": RESTORE}


def send_connection(control: int, connection: int, purpose: bytes = EXECUTE) -> None:
    """Raises BlockingIOError when a supervisor has more of them than it can take."""
    with _borrowed(control) as channel:
        socket.send_fds(channel, [purpose], [connection], socket.MSG_DONTWAIT)


def receive_connection(control: int) -> tuple[bytes, int] | None:
    """Its purpose and the connection; None when the launcher wants us to end."""
    with _borrowed(control) as channel:
        purpose, descriptors, _, _ = socket.recv_fds(channel, 1, 1, socket.MSG_CMSG_CLOEXEC)
    if not descriptors:
        return None
    os.set_blocking(descriptors[0], False)
    return purpose, descriptors[0]


class _borrowed:
    """A socket object around a descriptor that stays ours."""

    def __init__(self, fd: int):
        self._socket = socket.socket(fileno=fd)

    def __enter__(self) -> socket.socket:
        return self._socket

    def __exit__(self, *_) -> None:
        self._socket.detach()
