"""Puts a large heap into large pages: a fork copies what it knows of each page, and that is most of what it does."""

import ctypes
import mmap
from collections.abc import Callable, Iterator
from errno import EBUSY, ENOMEM
from os import O_CLOEXEC, O_RDONLY, close, open as open_file, pread
from time import monotonic

from sandbox_launcher.own_memory import anonymous_bytes, mappings

_LARGE = 2 << 20
_MADV_COLLAPSE = 25

# The fork of a smaller session takes little as it is.
_WORTH_IT_BYTES = 64 << 20
# Enough for the largest; the next save goes on where this one ended.
_SECONDS = 1.0

# `pagemap` has 64 bits for each page. These say that it is mapped nowhere else, of a file, in memory.
_ENTRY_BYTES = 8
_EXCLUSIVE, _OF_A_FILE, _PRESENT = 56, 61, 63
_PAGES = _LARGE // mmap.PAGESIZE
_FIRST_BIT_OF_EACH = int.from_bytes((1).to_bytes(_ENTRY_BYTES, "little") * _PAGES, "little")
# Python leaves a few pages of each megabyte unused, which a large page fills: this many of each, and this many in a save.
_MOST_HOLES = _PAGES // 32
_MOST_FILLED = (4 << 20) // mmap.PAGESIZE

# Not even for one large page, on the machine or in the context: nor for the next.
_NO_ROOM = (ENOMEM, EBUSY)

# Threads of the session go on meanwhile: where the machine has to find the memory first, one call takes many milliseconds.
_madvise = ctypes.CDLL(None, use_errno=True).madvise


class LargePages:
    """Of a session. Where the kernel has no call for them (Linux before 6.1), all stays as it is."""

    def __init__(self):
        """In the launcher: what it has by now does not count towards a session's heap."""
        self._inherited = anonymous_bytes()

    def use(self, goes_on: Callable[[], bool]) -> None:
        """For what it uses, and uses alone; it becomes hardly larger by it.

        `goes_on` is asked before each of them. Raises OSError where the walls leave the process no /proc of its own, and
        when it has no descriptor left.
        """
        if anonymous_bytes() - self._inherited < _WORTH_IT_BYTES:
            return
        deadline = monotonic() + _SECONDS
        filled = 0
        pagemap = open_file("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)
        try:
            for address in _places():
                # User code can map more than could ever be looked through, and in as many pieces.
                if not goes_on() or monotonic() > deadline:
                    break
                if address is None:
                    continue
                holes = _holes(pagemap, address)
                if holes > min(_MOST_HOLES, _MOST_FILLED - filled):
                    continue
                error = _collapse(address)
                if error in _NO_ROOM:
                    break
                filled += holes if error == 0 else 0
        finally:
            close(pagemap)


def _places() -> Iterator[int | None]:
    """Addresses in the heaps of C and Python that a large page fits in; None for each mapping that is something else."""
    for one in mappings():
        if one.rights == "rw-p" and one.file is None and one.name in ("", "[heap]"):
            yield from range(-(-one.start // _LARGE) * _LARGE, one.end - _LARGE + 1, _LARGE)
        else:
            yield None


def _holes(pagemap: int, address: int) -> int:
    """Pages that are not in memory, or not of this process alone."""
    page = address // mmap.PAGESIZE
    entries = int.from_bytes(pread(pagemap, _PAGES * _ENTRY_BYTES, page * _ENTRY_BYTES), "little")
    ours = entries >> _PRESENT & entries >> _EXCLUSIVE & ~(entries >> _OF_A_FILE)
    return _PAGES - (ours & _FIRST_BIT_OF_EACH).bit_count()


def _collapse(address: int) -> int:
    """0, or the error."""
    if _madvise(ctypes.c_void_p(address), ctypes.c_size_t(_LARGE), ctypes.c_int(_MADV_COLLAPSE)) == 0:
        return 0
    return ctypes.get_errno()
