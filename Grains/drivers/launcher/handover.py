"""What a launcher tells a supervisor: connections of the host's, and whether code may run."""

import os
import struct
# The C module: its sockets find nothing out about themselves, and a new supervisor has less to do.
from _socket import AF_UNIX, CMSG_SPACE, MSG_CMSG_CLOEXEC, MSG_DONTWAIT, SCM_RIGHTS, SOCK_SEQPACKET, SOL_SOCKET
from _socket import socket as Socket

from .checkpoints.attachments import RESTORE, SAVE

# What a connection is for.
EXECUTE = b"E"
PURPOSES = {"save": SAVE, "restore": RESTORE}

# Without a connection.
HALT = b"H"
GO_ON = b"G"

_DESCRIPTOR = struct.Struct("i")


def send_connection(control: int, connection: int, purpose: bytes = EXECUTE) -> None:
    """Raises BlockingIOError when a supervisor has more of them than it can take."""
    with _borrowed(control) as channel:
        channel.sendmsg([purpose], [(SOL_SOCKET, SCM_RIGHTS, _DESCRIPTOR.pack(connection))], MSG_DONTWAIT)


def send_word(control: int, word: bytes) -> None:
    """Raises BlockingIOError when a supervisor has more to take than it can."""
    with _borrowed(control) as channel:
        channel.send(word, MSG_DONTWAIT)


def receive(control: int) -> tuple[bytes, int | None] | None:
    """A word, or a purpose and the connection; None when the launcher wants us to end."""
    with _borrowed(control) as channel:
        word, ancillary, _, _ = channel.recvmsg(1, CMSG_SPACE(_DESCRIPTOR.size), MSG_CMSG_CLOEXEC)
    for level, kind, content in ancillary:
        if level == SOL_SOCKET and kind == SCM_RIGHTS:
            descriptor, = _DESCRIPTOR.unpack(content[:_DESCRIPTOR.size])
            os.set_blocking(descriptor, False)
            return word, descriptor
    return (word, None) if word else None


class _borrowed:
    """A socket object around a descriptor that stays ours."""

    def __init__(self, fd: int):
        self._socket = Socket(AF_UNIX, SOCK_SEQPACKET, 0, fd)

    def __enter__(self) -> Socket:
        return self._socket

    def __exit__(self, *_) -> None:
        self._socket.detach()
