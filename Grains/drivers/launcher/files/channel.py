"""The connection to the host: frames and chunks in turn, and no wait without a bound."""

import os
import select

from ..frames import HEADER_BYTES, FrameError, json_bytes, pack, parse

MAX_CHUNK_BYTES = 1 << 20
# A path in base64, and little else.
_MAX_REQUEST_BYTES = 16384
# A host that has nothing more to say hangs up; one that is silent for so long is taken for gone.
_PATIENCE_SECONDS = 60.0


class Gone(Exception):
    """There is nobody at the other end."""


class Channel:
    def __init__(self, fd: int):
        os.set_blocking(fd, False)
        self._fd = fd

    def request(self) -> dict:
        return parse(self._read(self._length(_MAX_REQUEST_BYTES)))

    def chunk(self) -> bytes:
        """Empty at the end."""
        return self._read(self._length(MAX_CHUNK_BYTES, smallest=0))

    def answer(self, event: str, **members) -> None:
        self._write(pack(json_bytes({"event": event} | members)))

    def answer_chunk(self, data: bytes) -> None:
        self._write(len(data).to_bytes(HEADER_BYTES, "little") + data)

    def _length(self, largest: int, smallest: int = 1) -> int:
        length = int.from_bytes(self._read(HEADER_BYTES), "little")
        if not smallest <= length <= largest:
            raise FrameError("host: length out of range")
        return length

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            try:
                part = os.read(self._fd, size - len(data))
            except BlockingIOError:
                self._wait(select.POLLIN)
                continue
            except OSError:
                raise Gone from None
            if not part:
                raise Gone
            data += part
        return bytes(data)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._fd, view):]
            except BlockingIOError:
                self._wait(select.POLLOUT)
            except OSError:
                raise Gone from None

    def _wait(self, for_what: int) -> None:
        poll = select.poll()
        poll.register(self._fd, for_what)
        if not poll.poll(_PATIENCE_SECONDS * 1000):
            raise Gone
