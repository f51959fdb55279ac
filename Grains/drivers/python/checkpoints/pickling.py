"""Variables as bytes.

Each is a pickle of its own, so that one which cannot be carried, or not be loaded, costs itself alone. All of them share
one memo, so that what two variables share is still one object afterwards.
"""

from _pickle import PickleBuffer
from signal import ITIMER_REAL, SIGALRM, setitimer, signal

from .reasons import TooMuch, reason_of
from .reducers import SENTINELS, SessionPickler

# What is smaller travels in the pickle.
_BUFFER_BYTES = 1 << 16
_SECONDS = 5.0
_OPCODE_FRAME = 0x95


class Segment:
    """One variable. `start`: the number of its first object in the memo of all."""

    def __init__(self, start: int, parts: list, buffers: list):
        self.start = start
        self.parts = parts
        self.buffers = buffers


class Pickling:
    """`known`: name -> object that is not carried but found again, such as the namespace itself.

    `max_bytes` bounds what all variables take beyond their large buffers, which are not copied.
    """

    def __init__(self, known: dict, namespace: dict, max_bytes: int):
        self._sink = _Sink(max_bytes)
        self._known = {id(value): name for name, value in (SENTINELS | known).items()}
        self._namespace = namespace
        self._pickler = self._make()
        self._before = self._make()
        self.failures = []

    def run(self, items: list) -> list:
        """[(key, Segment)] of all (key, value) that can be carried; the others are in `failures` as (key, words)."""
        done = []
        while items:
            # A copy of the whole memo, which is made only when something has failed.
            self._before.memo = self._pickler.memo
            bytes_left = self._sink.left
            segments, failed = self._run(items)
            if failed is None:
                return done + segments
            # What it had put into the memo is in no pickle. Those before it are done again, without it.
            self._pickler.memo = self._before.memo
            self._sink.left = bytes_left
            before, items = items[:failed], items[failed + 1:]
            done += self.run(before)
        return done

    def _run(self, items: list) -> tuple[list, int | None]:
        segments = []
        for index, (key, value) in enumerate(items):
            try:
                segments.append((key, self._segment(key, value)))
            except BaseException as error:
                self.failures.append((key, reason_of(value, error)))
                return segments, index
        return segments, None

    def _segment(self, key, value) -> Segment:
        pickler, sink = self._pickler, self._sink
        first = [key]
        sink.begin()
        with _Deadline():
            pickler.dump(first)
            pickler.dump(value)
        parts, buffers = sink.take()
        # Asking for it again yields its number and adds nothing to the memo.
        pickler.dump(first)
        return Segment(_number_in(b"".join(sink.take()[0])), parts, buffers)

    def _make(self) -> SessionPickler:
        return SessionPickler(self._sink, self._known, self._namespace)


class _Sink:
    """Where a pickler writes: keeps what it is given, and does not copy it. `left`: as many bytes may still come."""

    def __init__(self, max_bytes: int):
        self.left = max_bytes
        self._parts = []
        self._buffers = []

    def begin(self) -> None:
        self._parts, self._buffers = [], []

    def write(self, data) -> int:
        size = len(data)
        self.left -= size
        if self.left < 0:
            self.left += size
            raise TooMuch("it is too large")
        self._parts.append(data)
        return size

    def take_buffer(self, buffer: PickleBuffer) -> bool:
        """Whether it is to travel in the pickle."""
        view = buffer.raw()
        if view.nbytes < _BUFFER_BYTES:
            return True
        self._buffers.append(view)
        return False

    def take(self) -> tuple[list, list]:
        taken = self._parts, self._buffers
        self.begin()
        return taken


class _Deadline:
    """Of one variable; code in C is not interrupted by it."""

    def __enter__(self):
        signal(SIGALRM, _raise_too_much)
        setitimer(ITIMER_REAL, _SECONDS)

    def __exit__(self, *_):
        setitimer(ITIMER_REAL, 0)


def _raise_too_much(number, frame):
    raise TooMuch("saving it takes too long")


def _number_in(pickle: bytes) -> int:
    """Of a pickle that is nothing but one object of the memo."""
    start = 11 if pickle[2] == _OPCODE_FRAME else 2
    return int.from_bytes(pickle[start + 1:-1], "little")
