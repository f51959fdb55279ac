"""The socket over which a descriptor reaches a driver: a connection of the host's, to be written to or read from.

One packet with a descriptor is handed in; a packet without one comes back from whoever has taken it on, or in vain.
"""

import struct
from _socket import (AF_UNIX, CMSG_SPACE, MSG_CMSG_CLOEXEC, MSG_DONTWAIT, SCM_CREDENTIALS, SCM_RIGHTS, SO_PASSCRED, SOCK_SEQPACKET,
                     SOL_SOCKET, socket as Socket)
from os import close, set_blocking
from select import POLLIN, poll

SAVE, RESTORE = b"S", b"R"
TAKEN, _IN_VAIN = b"T", b"V"

_DESCRIPTOR = struct.Struct("i")
_CREDENTIALS = struct.Struct("3i")


class Ending:
    """One end. A bare C socket: what user code does to the module `socket` is nothing to us."""

    def __init__(self, fd: int):
        self.fd = fd
        self._socket = Socket(AF_UNIX, SOCK_SEQPACKET, 0, fd)


class Giver(Ending):
    """The supervisor's."""

    def __init__(self, fd: int):
        super().__init__(fd)
        # So that the kernel says who answers.
        self._socket.setsockopt(SOL_SOCKET, SO_PASSCRED, 1)

    def give(self, kind: bytes, descriptor: int) -> bool:
        """False when nobody will ever take it."""
        try:
            self._socket.sendmsg([kind], [(SOL_SOCKET, SCM_RIGHTS, _DESCRIPTOR.pack(descriptor))], MSG_DONTWAIT)
        except OSError:
            return False
        return True

    def answer(self) -> int | None:
        """The process that has taken what was given; 0 for none. None when there is no answer (any more).

        Raises EOFError when there will never be one.
        """
        try:
            data, ancillary, _, _ = self._socket.recvmsg(8, CMSG_SPACE(_CREDENTIALS.size), MSG_DONTWAIT)
        except BlockingIOError:
            return None
        except OSError:
            raise EOFError from None
        if not data:
            raise EOFError
        for level, kind, content in ancillary:
            if level == SOL_SOCKET and kind == SCM_CREDENTIALS and data == TAKEN:
                return _CREDENTIALS.unpack(content[:_CREDENTIALS.size])[0]
        return 0


class Taker(Ending):
    """The driver's."""

    def take(self, kind: bytes, seconds: float) -> int | None:
        """The last descriptor of this kind, which blocks; None when none comes. Those that nobody wanted are closed."""
        taken = None
        waiting = poll()
        waiting.register(self.fd, POLLIN)
        while waiting.poll(seconds * 1000 if taken is None else 0):
            data, ancillary, _, _ = self._socket.recvmsg(8, CMSG_SPACE(_DESCRIPTOR.size), MSG_DONTWAIT | MSG_CMSG_CLOEXEC)
            if not data:
                break
            for level, what, content in ancillary:
                if level == SOL_SOCKET and what == SCM_RIGHTS:
                    unwanted, = _DESCRIPTOR.unpack(content[:_DESCRIPTOR.size])
                    if data == kind:
                        taken, unwanted = unwanted, taken
                    if unwanted is not None:
                        close(unwanted)
        if taken is not None:
            set_blocking(taken, True)
        return taken

    def say_taken(self) -> None:
        """By the process that does the work, and that is to be ended when it takes too long."""
        self._send(TAKEN)

    def say_in_vain(self) -> None:
        self._send(_IN_VAIN)

    def _send(self, word: bytes) -> None:
        try:
            self._socket.send(word, MSG_DONTWAIT)
        except OSError:
            pass  # Our supervisor is gone, or has more of these than it wants.
