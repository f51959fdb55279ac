"""The bytes of a checkpoint: a header, the files, the heap and a trailer, as PROTOCOL.md lays them out.

Everything is bound at import: where a checkpoint is written, user code has run and may have patched what it likes.
"""

from os import read, readv, writev

from ..frames import HEADER_BYTES, FrameError, json_bytes, pack, parse

FORMAT = 1
MAX_CHUNK = 1 << 20

# Small pieces travel together, large ones as they are.
_BATCH = 1 << 16
_READ_BYTES = 1 << 18
_MAX_FRAME = 32 << 20
_END_OF_SECTION = bytes(HEADER_BYTES)

# A list of names is for people to read.
MAX_LOST = 256
_MAX_NAME = 256
_MAX_REASON = 256


class Damaged(Exception):
    """What was read is no checkpoint, or not all of one."""


class Foreign(Exception):
    """A checkpoint of another format, language or runtime."""


class Lost:
    """What could not be kept. `kind`: `variable`, `output`, `setting`, `file`."""

    def __init__(self, kind: str, name: str, reason: str):
        self.kind = kind
        self.name = name[:_MAX_NAME]
        self.reason = reason[:_MAX_REASON]

    def __eq__(self, other):
        return type(other) is Lost and self.to_json() == other.to_json()

    def __repr__(self):
        return f"Lost({self.kind}, {self.name}, {self.reason})"

    def to_json(self) -> dict:
        return {"kind": self.kind, "name": self.name, "reason": self.reason}

    @staticmethod
    def of_json(value) -> "Lost":
        members = [value.get(name) if type(value) is dict else None for name in ("kind", "name", "reason")]
        if not all(type(member) is str for member in members):
            raise Damaged("a loss without a name")
        return Lost(*members)


def bounded(lost: list) -> dict:
    """The members of a frame that tell of losses."""
    return {"lost": [one.to_json() for one in lost[:MAX_LOST]], "lost_count": len(lost)}


class Writer:
    """Onto a descriptor that blocks. OSError when nobody reads any more."""

    def __init__(self, fd: int):
        self._fd = fd
        self._batch = bytearray()
        self.section_bytes = 0

    def frame(self, value: dict) -> None:
        self._write_all([pack(json_bytes(value))])

    def begin_section(self) -> None:
        self.section_bytes = 0

    def write(self, data) -> None:
        """A part of the section: bytes, or a flat view of them."""
        size = len(data)
        self.section_bytes += size
        if size < _BATCH:
            self._batch += data
            if len(self._batch) >= _BATCH:
                self._flush()
            return
        self._flush()
        view = memoryview(data)
        for start in range(0, size, MAX_CHUNK):
            self._chunk(view[start:start + MAX_CHUNK])

    def end_section(self) -> None:
        self._flush()
        self._write_all([_END_OF_SECTION])

    def _flush(self) -> None:
        if self._batch:
            batch, self._batch = self._batch, bytearray()
            self._chunk(memoryview(batch))

    def _chunk(self, view: memoryview) -> None:
        self._write_all([len(view).to_bytes(HEADER_BYTES, "little"), view])

    def _write_all(self, parts: list) -> None:
        while parts:
            written = writev(self._fd, parts)
            while parts and written >= len(parts[0]):
                written -= len(parts.pop(0))
            if parts and written:
                parts[0] = memoryview(parts[0])[written:]


class Reader:
    """From a descriptor that blocks. Raises Damaged for whatever no Writer writes."""

    def __init__(self, fd: int):
        self._fd = fd
        self._buffer = b""
        self._position = 0
        self._left_in_chunk = 0
        self._section_is_over = True

    def frame(self) -> dict:
        length = int.from_bytes(self._exactly(HEADER_BYTES), "little")
        if not 1 <= length <= _MAX_FRAME:
            raise Damaged("frame length out of range")
        try:
            return parse(self._exactly(length))
        except FrameError as error:
            raise Damaged(str(error)) from None

    def begin_section(self) -> None:
        self._section_is_over = False
        self._left_in_chunk = 0

    def read(self, size: int) -> bytes:
        """As many bytes of the section."""
        if self._left_in_chunk >= size:
            self._left_in_chunk -= size
            return self._exactly(size)
        data = bytearray(size)
        self.read_into(data)
        return bytes(data)

    def read_into(self, target) -> None:
        """Fills a flat, writable buffer from the section."""
        view = memoryview(target)
        while view:
            if not self._next_chunk():
                raise Damaged("a section is too short")
            count = min(self._left_in_chunk, len(view))
            self._fill(view[:count])
            self._left_in_chunk -= count
            view = view[count:]

    def read_some(self) -> bytes:
        """The next bytes of the section; empty at its end."""
        if not self._next_chunk():
            return b""
        return self.read(min(self._left_in_chunk, MAX_CHUNK))

    def end_section(self) -> None:
        if self._next_chunk():
            raise Damaged("a section is too long")

    def end(self) -> None:
        if self._position < len(self._buffer) or read(self._fd, 1):
            raise Damaged("something follows the trailer")

    def _next_chunk(self) -> bool:
        """Whether there is anything left in the section."""
        if self._left_in_chunk == 0 and not self._section_is_over:
            length = int.from_bytes(self._exactly(HEADER_BYTES), "little")
            if length > MAX_CHUNK:
                raise Damaged("chunk length out of range")
            self._left_in_chunk = length
            self._section_is_over = length == 0
        return not self._section_is_over

    def _exactly(self, size: int) -> bytes:
        end = self._position + size
        if end <= len(self._buffer):
            data = self._buffer[self._position:end]
            self._position = end
            return data
        data = bytearray(size)
        self._fill(memoryview(data))
        return bytes(data)

    def _fill(self, view: memoryview) -> None:
        while view:
            ready = min(len(view), len(self._buffer) - self._position)
            if ready:
                view[:ready] = self._buffer[self._position:self._position + ready]
                self._position += ready
                view = view[ready:]
            elif len(view) >= _READ_BYTES:
                view = view[self._some(readv(self._fd, [view])):]
            else:
                self._buffer = read(self._fd, _READ_BYTES)
                self._position = 0
                self._some(len(self._buffer))

    @staticmethod
    def _some(count: int) -> int:
        if count == 0:
            raise Damaged("the stream ended early")
        return count


def header(language: str, runtime: dict) -> dict:
    """`runtime`: what has to be the same where the checkpoint is restored."""
    return {"checkpoint": FORMAT, "language": language, "runtime": runtime}


def check_header(found: dict, language: str, runtime: dict) -> None:
    if type(found.get("checkpoint")) is not int:
        raise Damaged("no header")
    if found != header(language, runtime):
        raise Foreign


def trailer(file_bytes: int, heap_bytes: int, lost: list, **members) -> dict:
    return {"complete": True, "file_bytes": file_bytes, "heap_bytes": heap_bytes} | bounded(lost) | members


def check_trailer(found: dict) -> list:
    """What it says was lost."""
    lost = found.get("lost")
    if found.get("complete") is not True or type(lost) is not list:
        raise Damaged("no trailer")
    return [Lost.of_json(one) for one in lost]
