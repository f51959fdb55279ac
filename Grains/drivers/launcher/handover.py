"""What a launcher tells a supervisor: connections of the host's, and whether code may run."""

import os
import socket

from .checkpoints.attachments import RESTORE, SAVE

# What a connection is for.
EXECUTE = b"E"
PURPOSES = {"save": SAVE, "restore": RESTORE}

# Without a connection.
HALT = b"H"
GO_ON = b"G"


def send_connection(control: int, connection: int, purpose: bytes = EXECUTE) -> None:
    """Raises BlockingIOError when a supervisor has more of them than it can take."""
    with _borrowed(control) as channel:
        socket.send_fds(channel, [purpose], [connection], socket.MSG_DONTWAIT)


def send_word(control: int, word: bytes) -> None:
    """Raises BlockingIOError when a supervisor has more to take than it can."""
    with _borrowed(control) as channel:
        channel.send(word, socket.MSG_DONTWAIT)


def receive(control: int) -> tuple[bytes, int | None] | None:
    """A word, or a purpose and the connection; None when the launcher wants us to end."""
    with _borrowed(control) as channel:
        word, descriptors, _, _ = socket.recv_fds(channel, 1, 1, socket.MSG_CMSG_CLOEXEC)
    if not word:
        return None
    if not descriptors:
        return word, None
    os.set_blocking(descriptors[0], False)
    return word, descriptors[0]


class _borrowed:
    """A socket object around a descriptor that stays ours."""

    def __init__(self, fd: int):
        self._socket = socket.socket(fileno=fd)

    def __enter__(self) -> socket.socket:
        return self._socket

    def __exit__(self, *_) -> None:
        self._socket.detach()
