"""Bytes on their way out of a process that must never block on their reader."""

import os
from collections import deque


class Outbox:
    """A queue in front of a non-blocking descriptor. `broken` once the other side is gone: what follows is dropped.

    It does not bound itself: whoever puts something in stops taking things in while `size` is too large.
    """

    def __init__(self, fd: int):
        self.fd = fd
        self.size = 0
        self.broken = False
        self._chunks = deque()

    def put(self, data: bytes) -> None:
        if not self.broken:
            self._chunks.append(data)
            self.size += len(data)

    def flush(self) -> None:
        """Writes as much as the other side takes now."""
        chunks = self._chunks
        try:
            while chunks:
                # One call for several frames: a short run's output and its `done` wake the host once.
                written = os.writev(self.fd, self._first_chunks())
                self._consume(written)
        except BlockingIOError:
            return
        except OSError:
            self.broken = True
            self.size = 0
            chunks.clear()

    def _first_chunks(self) -> list:
        if len(self._chunks) <= _MAX_VECTOR:
            return list(self._chunks)
        return [self._chunks[index] for index in range(_MAX_VECTOR)]

    def _consume(self, written: int) -> None:
        self.size -= written
        chunks = self._chunks
        while written > 0:
            first = chunks[0]
            if written < len(first):
                chunks[0] = memoryview(first)[written:]
                return
            written -= len(first)
            chunks.popleft()


# Linux takes at most 1024 buffers in one call.
_MAX_VECTOR = 64
