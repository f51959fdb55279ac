"""Connections that have not said yet what they are for."""

import os
import time

from .frames import HEADER_BYTES, FrameError, parse

# A first frame holds an op and a name.
_MAX_BYTES = 1024

# Whoever connects knows at once what it wants.
_PATIENCE_SECONDS = 10.0


class Caller:
    """An accepted connection until its first frame is there. Reads that frame and not one byte more."""

    def __init__(self, fd: int):
        self.fd = fd
        self.deadline = time.monotonic() + _PATIENCE_SECONDS
        self._data = b""

    def read(self) -> dict | None:
        """The frame, or None when there is more to come. Raises FrameError, or OSError when the connection is gone."""
        while (missing := self._missing()) > 0:
            try:
                data = os.read(self.fd, missing)
            except BlockingIOError:
                return None
            if not data:
                raise ConnectionResetError
            self._data += data
        return parse(self._data[HEADER_BYTES:])

    def _missing(self) -> int:
        if len(self._data) < HEADER_BYTES:
            return HEADER_BYTES - len(self._data)
        length = int.from_bytes(self._data[:HEADER_BYTES], "little")
        if not 1 <= length <= _MAX_BYTES:
            raise FrameError("host: first frame out of range")
        return HEADER_BYTES + length - len(self._data)
