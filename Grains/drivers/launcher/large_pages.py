"""Large pages: where one fits into what this process has, and how many small ones become one.

Where the kernel has no call for it (Linux before 6.1), all stays as it is.
"""

import ctypes
import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EBUSY, ENOMEM
from os import O_CLOEXEC, O_RDONLY, close, open as open_file, pread

from .own_memory import mappings

SIZE = 2 << 20
PAGES = SIZE // mmap.PAGESIZE
# Python leaves a few pages of each megabyte unused, which a large page fills. Places with more are better left alone.
MOST_HOLES = PAGES // 32
# Not even for one large page, on the machine or in the context: nor for the next.
NO_ROOM = (ENOMEM, EBUSY)

_MADV_COLD, _MADV_COLLAPSE = 20, 25

# `pagemap` has 64 bits for each page. These say that it is mapped nowhere else, of a file, in memory.
_ENTRY_BYTES = 8
_EXCLUSIVE, _OF_A_FILE, _PRESENT = 56, 61, 63
_FIRST_BIT_OF_EACH = int.from_bytes((1).to_bytes(_ENTRY_BYTES, "little") * PAGES, "little")

# Other threads go on meanwhile: where the machine has to find the memory first, one call takes many milliseconds.
_madvise = ctypes.CDLL(None, use_errno=True).madvise


def places() -> Iterator[int | None]:
    """Addresses in the heaps of C and Python that a large page fits in; None for each mapping that is something else."""
    for one in mappings():
        if one.rights == "rw-p" and one.file is None and one.name in ("", "[heap]"):
            yield from range(-(-one.start // SIZE) * SIZE, one.end - SIZE + 1, SIZE)
        else:
            yield None


@contextmanager
def counting_holes() -> Iterator[Callable[[int], int]]:
    """What tells how many pages of a place are not in memory, or not of this process alone.

    Raises OSError where the walls leave the process no /proc of its own, and when it has no descriptor left.
    """
    pagemap = open_file("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)
    try:
        yield lambda address: _holes(pagemap, address)
    finally:
        close(pagemap)


def _holes(pagemap: int, address: int) -> int:
    page = address // mmap.PAGESIZE
    entries = int.from_bytes(pread(pagemap, PAGES * _ENTRY_BYTES, page * _ENTRY_BYTES), "little")
    ours = entries >> _PRESENT & entries >> _EXCLUSIVE & ~(entries >> _OF_A_FILE)
    return PAGES - (ours & _FIRST_BIT_OF_EACH).bit_count()


def collapse(address: int) -> int:
    """Makes one large page of what is in a place. 0, or the error."""
    return _advise(address, SIZE, _MADV_COLLAPSE)


def split(address: int) -> int:
    """Makes small pages of a large one, which stay where they are. 0, or the error."""
    # The kernel splits it to note of the first part that it is hardly used.
    return _advise(address, mmap.PAGESIZE, _MADV_COLD)


def _advise(address: int, size: int, advice: int) -> int:
    if _madvise(ctypes.c_void_p(address), ctypes.c_size_t(size), ctypes.c_int(advice)) == 0:
        return 0
    return ctypes.get_errno()
