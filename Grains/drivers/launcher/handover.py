"""What a launcher tells a supervisor: connections of the host's, and whether code may run."""

import os
import struct
# The C module: its sockets find nothing out about themselves, and a new supervisor has less to do.
from _socket import AF_UNIX, CMSG_SPACE, MSG_CMSG_CLOEXEC, MSG_DONTWAIT, SCM_RIGHTS, SOCK_SEQPACKET, SOL_SOCKET
from _socket import socket as Socket
from collections.abc import Sequence
from typing import NamedTuple

from .checkpoints.attachments import RESTORE, SAVE

# What a connection is for.
EXECUTE = b"E"
PURPOSES = {"save": SAVE, "restore": RESTORE}

# Without a connection.
HALT = b"H"
GO_ON = b"G"

_DESCRIPTOR = struct.Struct("i")
# A connection, and what a room consists of.
_MOST_DESCRIPTORS = 8


class Handed(NamedTuple):
    """`word`: what the connection is for, or what is to be done, without any. `room`: see `checkpoints.room`."""

    word: bytes
    connection: int | None = None
    room: Sequence[int] = ()


def send_connection(control: int, connection: int, purpose: bytes = EXECUTE, room: Sequence[int] = ()) -> None:
    """Raises BlockingIOError when a supervisor has more of them than it can take."""
    descriptors = b"".join(map(_DESCRIPTOR.pack, [connection, *room]))
    with _borrowed(control) as channel:
        channel.sendmsg([purpose], [(SOL_SOCKET, SCM_RIGHTS, descriptors)], MSG_DONTWAIT)


def send_word(control: int, word: bytes) -> None:
    """Raises BlockingIOError when a supervisor has more to take than it can."""
    with _borrowed(control) as channel:
        channel.send(word, MSG_DONTWAIT)


def receive(control: int) -> Handed | None:
    """None when the launcher wants us to end."""
    with _borrowed(control) as channel:
        word, ancillary, _, _ = channel.recvmsg(1, CMSG_SPACE(_MOST_DESCRIPTORS * _DESCRIPTOR.size), MSG_CMSG_CLOEXEC)
    for level, kind, content in ancillary:
        if level == SOL_SOCKET and kind == SCM_RIGHTS:
            whole = len(content) // _DESCRIPTOR.size * _DESCRIPTOR.size
            connection, *room = (descriptor for descriptor, in _DESCRIPTOR.iter_unpack(content[:whole]))
            os.set_blocking(connection, False)
            return Handed(word, connection, room)
    return Handed(word) if word else None


class _borrowed:
    """A socket object around a descriptor that stays ours."""

    def __init__(self, fd: int):
        self._socket = Socket(AF_UNIX, SOCK_SEQPACKET, 0, fd)

    def __enter__(self) -> Socket:
        return self._socket

    def __exit__(self, *_) -> None:
        self._socket.detach()
