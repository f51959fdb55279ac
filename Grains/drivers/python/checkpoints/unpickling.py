"""Variables out of bytes, in the order in which they were made."""

from _pickle import Unpickler
from io import BytesIO

from .lost import Lost
from .reducers import SENTINELS

# Pickles that put what `persistent_load` yields into the memo: for a number, and for "lost".
_PUT_KNOWN = b"J%bQr%b0"
_PUT_LOST = b"\x80\x04%b\x8c\x04lostQ%b."


class Unpickling:
    """`known`: name -> object, as it was when they were made."""

    def __init__(self, known: dict):
        self._known = SENTINELS | known
        self._queue = []
        self._renew()

    def load(self, pickle: bytes, buffers: list):
        """The value. Runs user code."""
        self._source.set(pickle)
        self._queue = buffers[::-1]
        self._unpickler.load()
        return self._unpickler.load()

    def forget(self, start: int, end: int, lost: Lost) -> None:
        """A segment could not be loaded: whoever shares an object with it gets `lost` in its place."""
        # An unpickler that has failed still holds the rest of what it was reading. Another one takes over its memo.
        memo = self._unpickler.memo.copy()
        self._renew()
        numbers = [number for number in memo if number < start]
        self._known |= {"lost": lost} | {number: memo[number] for number in numbers}
        kept = b"".join(_PUT_KNOWN % (packed, packed) for packed in map(_pack_number, numbers))
        forgotten = b"".join(b"r" + _pack_number(number) for number in range(start, end))
        self._source.set(_PUT_LOST % (kept, forgotten))
        self._unpickler.load()
        for number in numbers:
            del self._known[number]

    def _renew(self) -> None:
        self._source = _Source()
        self._unpickler = _Unpickler(self._source, self._known, self._next_buffer)

    def _next_buffer(self):
        while self._queue:
            yield self._queue.pop()


class _Unpickler(Unpickler):
    def __init__(self, source, known: dict, next_buffer):
        super().__init__(source, buffers=next_buffer())
        self._known = known

    def persistent_load(self, name):
        return self._known[name]


class _Source:
    """Where an unpickler reads: one segment after the other."""

    def __init__(self):
        self.set(b"")

    def set(self, data: bytes) -> None:
        self._stream = BytesIO(data)

    def read(self, size: int) -> bytes:
        return self._stream.read(size)

    def readline(self) -> bytes:
        return self._stream.readline()

    def readinto(self, target) -> int:
        return self._stream.readinto(target)


def _pack_number(number: int) -> bytes:
    return number.to_bytes(4, "little")
