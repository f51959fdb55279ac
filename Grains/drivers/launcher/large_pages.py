"""Large pages, of many small ones. Where the kernel has no call for it (Linux before 6.1), all stays as it is."""

import ctypes
import mmap
import sys
from collections.abc import Callable, Iterator
from errno import EBUSY, ENOMEM
from os import O_CLOEXEC, O_RDONLY, close, open as open_file, pread

from .own_memory import mappings

SIZE = 2 << 20

_MADV_COLD, _MADV_COLLAPSE = 20, 25

_PAGES = SIZE // mmap.PAGESIZE
# `pagemap` has 64 bits for each page. These say that it is mapped nowhere else, of a file, in memory.
_ENTRY_BYTES = 8
_EXCLUSIVE, _OF_A_FILE, _PRESENT = 56, 61, 63
_FIRST_BIT_OF_EACH = int.from_bytes((1).to_bytes(_ENTRY_BYTES, "little") * _PAGES, "little")
# Python leaves a few pages of each megabyte unused, which a large page fills.
_MOST_HOLES = _PAGES // 32

# Not even for one large page, on the machine or in the context: nor for the next.
_NO_ROOM = (ENOMEM, EBUSY)

# Other threads go on meanwhile: where the machine has to find the memory first, one call takes many milliseconds.
_madvise = ctypes.CDLL(None, use_errno=True).madvise


def make(goes_on: Callable[[], bool], most_filled: int = sys.maxsize) -> Iterator[int]:
    """In the heaps of C and Python, of what this process uses, and uses alone. Addresses, each when its large page is made.

    `goes_on` is asked before each place that one fits in, and each other mapping. `most_filled`: of all places together, so many
    pages that were not in memory before. Raises OSError where the walls leave the process no /proc of its own, where the kernel
    tells nobody of pages, and when no descriptor is left.
    """
    pagemap = open_file("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)
    try:
        for address in _places():
            if not goes_on():
                break
            if address is None:
                continue
            holes = _holes(pagemap, address)
            if holes > min(_MOST_HOLES, most_filled):
                continue
            error = collapse(address)
            if error in _NO_ROOM:
                break
            if error == 0:
                most_filled -= holes
                yield address
    finally:
        close(pagemap)


def _places() -> Iterator[int | None]:
    """Where one fits; None for each mapping that is something else."""
    for one in mappings():
        if one.rights == "rw-p" and one.file is None and one.name in ("", "[heap]"):
            yield from range(-(-one.start // SIZE) * SIZE, one.end - SIZE + 1, SIZE)
        else:
            yield None


def _holes(pagemap: int, address: int) -> int:
    """Pages that are not in memory, or not of this process alone."""
    page = address // mmap.PAGESIZE
    entries = int.from_bytes(pread(pagemap, _PAGES * _ENTRY_BYTES, page * _ENTRY_BYTES), "little")
    ours = entries >> _PRESENT & entries >> _EXCLUSIVE & ~(entries >> _OF_A_FILE)
    return _PAGES - (ours & _FIRST_BIT_OF_EACH).bit_count()


def collapse(address: int) -> int:
    """Makes one of what is in a place. 0, or the error."""
    return _advise(address, SIZE, _MADV_COLLAPSE)


def split(address: int) -> None:
    """Asks for small pages again, which stay where they are. The kernel may not do it this time."""
    # It splits a page of which one part is said to be hardly used.
    _advise(address, mmap.PAGESIZE, _MADV_COLD)


def _advise(address: int, size: int, advice: int) -> int:
    if _madvise(ctypes.c_void_p(address), ctypes.c_size_t(size), ctypes.c_int(advice)) == 0:
        return 0
    return ctypes.get_errno()
