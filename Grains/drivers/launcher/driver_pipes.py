"""The descriptors between a supervisor and its driver, as PROTOCOL.md numbers them."""

import fcntl
import os
from _socket import AF_UNIX, SOCK_SEQPACKET, SOCK_STREAM, socketpair

REQUESTS = 3
DOORBELL = 4
EVENTS = 5
ACKNOWLEDGEMENTS = 6
ATTACHMENTS = 7
_FIRST_UNUSED = 8

# Above every number of the protocol, so that placing one descriptor cannot close another.
_OUT_OF_THE_WAY = 64


def hold_places() -> None:
    """Until there are pipes: what a driver opens while it gets ready must not have these numbers, and finds something there."""
    null = fcntl.fcntl(os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC), fcntl.F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY)
    for number in range(REQUESTS, _FIRST_UNUSED):
        os.dup2(null, number)


class DriverPipes:
    """Both sides of every pipe; after the fork each process keeps its own side."""

    def __init__(self, with_doorbell: bool):
        self._open = []
        self.output = self._pipe()
        self.errors = self._pipe()
        self.requests = self._pipe()
        self.events = self._pipe()
        self.acknowledgements = self._pipe()
        self.attachments = self._sockets(SOCK_SEQPACKET)
        self.doorbell = self._sockets(SOCK_STREAM) if with_doorbell else None

    def keep_supervisor_side(self) -> None:
        """Ours never block: a supervisor waits in its poll loop and nowhere else."""
        ours = [self.output[0], self.errors[0], self.requests[1], self.events[0], self.acknowledgements[1],
                self.attachments[0]]
        if self.doorbell:
            ours.append(self.doorbell[1])
        for fd in self._open:
            if fd in ours:
                os.set_blocking(fd, False)
            else:
                os.close(fd)

    def keep_driver_side(self, inheritable: bool) -> None:
        """Puts the driver's side at its numbers and closes everything else of this process.

        `inheritable`: the descriptors of the protocol survive the exec that makes this process a driver. 0, 1 and 2
        always do: the children of user code write to them too.
        """
        placed = {0: os.open(os.devnull, os.O_RDWR), 1: self.output[1], 2: self.errors[1]}
        protocol = {REQUESTS: self.requests[0], EVENTS: self.events[1], ACKNOWLEDGEMENTS: self.acknowledgements[0],
                    ATTACHMENTS: self.attachments[1]}
        if self.doorbell:
            protocol[DOORBELL] = self.doorbell[0]
            os.set_blocking(self.requests[0], False)
        placed |= protocol
        moved = {number: fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY) for number, fd in placed.items()}
        for number, fd in moved.items():
            os.dup2(fd, number, inheritable=inheritable or number not in protocol)
        if not self.doorbell:
            os.close(DOORBELL)
        os.closerange(_FIRST_UNUSED, os.sysconf("SC_OPEN_MAX"))

    def _pipe(self) -> tuple[int, int]:
        ends = os.pipe2(os.O_CLOEXEC)
        self._open += ends
        return ends

    def _sockets(self, kind: int) -> tuple[int, int]:
        ends = tuple(end.detach() for end in socketpair(AF_UNIX, kind))
        self._open += ends
        return ends
