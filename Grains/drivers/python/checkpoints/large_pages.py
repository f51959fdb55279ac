"""Puts a large heap into large pages: a fork copies what it knows of each page, and that is most of what it does."""

import ctypes
import mmap
from collections.abc import Callable, Iterator
from errno import EBUSY, ENOMEM
from os import O_CLOEXEC, O_RDONLY, close, open as open_file, pread

from sandbox_launcher.own_memory import anonymous_bytes, mappings

_LARGE = 2 << 20
_MADV_COLLAPSE = 25

# The fork of a smaller session takes little as it is.
_WORTH_IT_BYTES = 64 << 20

# `pagemap` has 64 bits for each page. These say that it is mapped nowhere else, of a file, in memory.
_ENTRY_BYTES = 8
_EXCLUSIVE, _OF_A_FILE, _PRESENT = 56, 61, 63
_PAGES = _LARGE // mmap.PAGESIZE
_FIRST_BIT_OF_EACH = int.from_bytes((1).to_bytes(_ENTRY_BYTES, "little") * _PAGES, "little")
# Python leaves a few pages of each megabyte unused.
_ENOUGH = _PAGES - _PAGES // 32

# There is none for one more, on the machine or in the context: nor is there for the next.
_NO_ROOM = (ENOMEM, EBUSY)

_madvise = ctypes.CDLL(None, use_errno=True).madvise


class LargePages:
    """Of a session. Where the kernel has no call for them (Linux before 6.1), all stays as it is."""

    def __init__(self):
        """In the launcher: what it has by now a session shares, and shall go on to share."""
        self._inherited = anonymous_bytes()

    def use(self, goes_on: Callable[[], bool]) -> None:
        """For what it uses, and uses alone; it becomes hardly larger by it.

        `goes_on` is asked every few milliseconds. Raises OSError where the walls leave the process no /proc of its own, and
        when it has no descriptor left.
        """
        if anonymous_bytes() - self._inherited < _WORTH_IT_BYTES:
            return
        pagemap = open_file("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)
        try:
            for address in _places():
                if not goes_on():
                    break
                if _is_ours(pagemap, address) and _collapse(address) in _NO_ROOM:
                    break
        finally:
            close(pagemap)


def _places() -> Iterator[int]:
    """Addresses in the heaps of C and Python that a large page fits in."""
    for one in mappings():
        if one.rights == "rw-p" and one.file is None and one.name in ("", "[heap]"):
            yield from range(-(-one.start // _LARGE) * _LARGE, one.end - _LARGE + 1, _LARGE)


def _is_ours(pagemap: int, address: int) -> bool:
    page = address // mmap.PAGESIZE
    entries = int.from_bytes(pread(pagemap, _PAGES * _ENTRY_BYTES, page * _ENTRY_BYTES), "little")
    ours = entries >> _PRESENT & entries >> _EXCLUSIVE & ~(entries >> _OF_A_FILE)
    return (ours & _FIRST_BIT_OF_EACH).bit_count() >= _ENOUGH


def _collapse(address: int) -> int:
    """0, or the error."""
    if _madvise(ctypes.c_void_p(address), ctypes.c_size_t(_LARGE), ctypes.c_int(_MADV_COLLAPSE)) == 0:
        return 0
    return ctypes.get_errno()
