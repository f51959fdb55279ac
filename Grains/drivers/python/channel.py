"""The driver's end of the protocol's descriptors. When one of them fails, the driver has nothing left to live for."""

from fcntl import ioctl
from os import _exit, fstat, read, write
from select import POLLIN, poll
from termios import FIONREAD

from sandbox_launcher.checkpoints.attachments import Taker
from sandbox_launcher.driver_pipes import ACKNOWLEDGEMENTS, ATTACHMENTS, EVENTS, REQUESTS
from sandbox_launcher.frames import FrameError, FrameReader, pack, parse

_READ_BYTES = 65536
_CHANNEL_LOST = 71
_ZERO = bytes(4)


class Channel:
    """Requests in; events out, which the caller serializes; acknowledgements in; descriptors among the `attachments`."""

    def __init__(self):
        self._reader = FrameReader()
        self._taken = False
        self._readable = poll()
        self._readable.register(REQUESTS, POLLIN)
        self._pipes = _identities()
        self.attachments = Taker(ATTACHMENTS)

    def receive(self) -> dict | None:
        """The next request; None when there will be none."""
        reader = self._reader
        self._taken = False
        try:
            while True:
                if reader.buffered:
                    # Before it leaves the buffer: at no moment may an interrupt find nothing to belong to.
                    self._taken = True
                    body = reader.next_body()
                    if body is not None:
                        return parse(body)
                # Wait and read are two steps for the same reason.
                self._wait()
                self._taken = True
                data = read(REQUESTS, _READ_BYTES)
                if not data:
                    return None
                reader.feed(data)
        except (OSError, FrameError):
            _exit(_CHANNEL_LOST)

    def _wait(self) -> None:
        """Until there is something to read. A timer that user code has set may go off meanwhile; whatever its handler raises is
        raised in nobody's code."""
        while True:
            try:
                self._readable.poll()
                return
            except BaseException as error:
                # Of poll itself, which would only fail again: no handler's frame is below this one.
                if error.__traceback__.tb_next is None and type(error) is not KeyboardInterrupt:
                    raise

    def request_waiting(self) -> bool:
        """Whether a request has arrived, in part at least, that has not been begun. Re-entrant, for signal handlers."""
        return self._taken or self._reader.buffered > 0 or ioctl(REQUESTS, FIONREAD, _ZERO) != _ZERO

    def begun(self) -> None:
        """The request that was received last is being executed, or is none that could be interrupted."""
        self._taken = False

    def send(self, body: bytes) -> None:
        frame = pack(body)
        try:
            written = write(EVENTS, frame)
            while written < len(frame):
                frame = frame[written:]
                written = write(EVENTS, frame)
        except OSError:
            _exit(_CHANNEL_LOST)

    def die_unless_intact(self) -> None:
        """An execution that closed or replaced a descriptor ends with its interpreter; a later one is innocent."""
        try:
            if _identities() == self._pipes:
                return
        except OSError:
            pass
        _exit(_CHANNEL_LOST)

    def wait_for_acknowledgement(self) -> None:
        try:
            if read(ACKNOWLEDGEMENTS, 1):
                return
        except OSError:
            pass
        _exit(_CHANNEL_LOST)


def _identities() -> list[tuple[int, int]]:
    pipes = [fstat(fd) for fd in (REQUESTS, EVENTS, ACKNOWLEDGEMENTS, ATTACHMENTS)]
    return [(pipe.st_dev, pipe.st_ino) for pipe in pipes]
