"""sys.stdout and sys.stderr: text for fds 1 and 2, in step with the events."""

import io
from fcntl import F_DUPFD_CLOEXEC, fcntl
from os import dup2, fstat, write
from select import POLLOUT, poll

from sandbox_launcher.frames import utf8

from .outlet import Outlet

_BUFFER_BYTES = 8192

_SPARE_DESCRIPTOR = 64


class StandardStream(io.TextIOBase):
    """Cannot be closed: who closes sys.stdout means something else than to end the session's output."""

    encoding = "utf-8"
    errors = "replace"
    newlines = None
    line_buffering = True
    write_through = True
    mode = "w"

    def __init__(self, outlet: Outlet, fd: int, name: str):
        super().__init__()
        self.name = name
        self.buffer = _StandardBytes(outlet, self)
        self._outlet = outlet
        self._fd = fd
        self._pending = bytearray()
        self._spare = fcntl(fd, F_DUPFD_CLOEXEC, _SPARE_DESCRIPTOR)
        outlet.add_stream(self)

    def write(self, text):
        if type(text) is not str:
            if not isinstance(text, str):
                raise TypeError(f"write() argument must be str, not {type(text).__name__}")
            text = str.__str__(text)
        if text:
            self._outlet.write(self, utf8(text))
        return len(text)

    def flush(self):
        self._outlet.flush()

    def close(self):
        self._outlet.flush()

    def detach(self):
        raise io.UnsupportedOperation("detach")

    def reconfigure(self, **options):
        pass

    def fileno(self):
        return self._fd

    def isatty(self):
        return False

    def writable(self):
        return True

    # For the outlet, which holds its lock.

    def append(self, data: bytes, through: bool) -> bool:
        """Whether something is left that will need a flush. `through`: nothing may be."""
        pending = self._pending
        pending += data
        if through or b"\n" in data or b"\r" in data or len(pending) >= _BUFFER_BYTES:
            self.flush_pending()
            return False
        return True

    def flush_pending(self) -> None:
        if self._pending:
            data, self._pending = self._pending, bytearray()
            _write_all(self._fd, data)

    def forget(self) -> None:
        self._pending = bytearray()

    def reconnect(self) -> None:
        """Puts the pipe back at its number, if user code put something else there."""
        try:
            pipe = fstat(self._spare)
            try:
                now = fstat(self._fd)
                if (now.st_dev, now.st_ino) == (pipe.st_dev, pipe.st_ino):
                    return
            except OSError:
                pass
            dup2(self._spare, self._fd)
        except OSError:
            pass  # The spare is gone as well; prints will raise, which user code brought upon itself.


class _StandardBytes(io.BufferedIOBase):
    """`sys.stdout.buffer`."""

    mode = "wb"

    def __init__(self, outlet: Outlet, stream: StandardStream):
        super().__init__()
        self.name = stream.name
        self.raw = self
        self._outlet = outlet
        self._stream = stream

    def write(self, data):
        data = bytes(memoryview(data))
        if data:
            self._outlet.write(self._stream, data)
        return len(data)

    def flush(self):
        self._outlet.flush()

    def close(self):
        self._outlet.flush()

    def detach(self):
        raise io.UnsupportedOperation("detach")

    def fileno(self):
        return self._stream.fileno()

    def isatty(self):
        return False

    def writable(self):
        return True


def _write_all(fd: int, data: bytearray) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[write(fd, view):]
        except BlockingIOError:
            # User code made the pipe non-blocking, asyncio does that.
            waiting = poll()
            waiting.register(fd, POLLOUT)
            waiting.poll()

