"""One output pipe of an interpreter: read, counted, cut and decoded."""

import codecs
import fcntl
import os
import struct
import termios

_READ_BYTES = 65536
_COUNT = struct.Struct("i")
_ZERO = bytes(_COUNT.size)


class OutputStream:
    """`name` is `stdout` or `stderr`; `fd` the non-blocking reading end of its pipe."""

    def __init__(self, name: str, fd: int):
        self.name = name
        self.fd = fd
        self.closed = False
        self.dropped = 0
        self._room = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def begin(self, limit: int) -> None:
        """A new execution, whose raw bytes over `limit` are dropped and counted."""
        self._room = limit
        self.dropped = 0
        self._decoder.reset()

    def read(self) -> str:
        """What one read yields, decoded; sets `closed` when nobody can write any more."""
        try:
            data = os.read(self.fd, _READ_BYTES)
        except BlockingIOError:
            return ""
        if not data:
            self.closed = True
        return self._accept(data)

    def drain(self):
        """Texts: all that is in the pipe now. What is written meanwhile is left, a flood cannot keep us here."""
        for data in self._present():
            yield self._accept(data)

    def finish(self) -> str:
        """The execution is over: a character that was never completed becomes U+FFFD."""
        return self._decoder.decode(b"", final=True)

    def discard(self) -> None:
        """Drops what is in the pipe now; for output that belongs to no execution."""
        for _ in self._present():
            pass

    def _present(self):
        remaining = self._bytes_in_pipe()
        while remaining > 0:
            try:
                data = os.read(self.fd, min(remaining, _READ_BYTES))
            except BlockingIOError:
                return
            if not data:
                self.closed = True
                return
            remaining -= len(data)
            yield data

    def _bytes_in_pipe(self) -> int:
        if self.closed:
            return 0
        return _COUNT.unpack(fcntl.ioctl(self.fd, termios.FIONREAD, _ZERO))[0]

    def _accept(self, data: bytes) -> str:
        if len(data) <= self._room:
            self._room -= len(data)
            return self._decoder.decode(data)
        text = self._decoder.decode(data[: self._room])
        # The cut may fall into a character: its first bytes are as lost as the rest of it.
        torn, _ = self._decoder.getstate()
        self._decoder.reset()
        self.dropped += len(data) - self._room + len(torn)
        self._room = 0
        return text
