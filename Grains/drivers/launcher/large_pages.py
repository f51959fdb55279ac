"""Puts the launcher's memory into large pages: a fork copies what it knows of each page, and that is most of what it does."""

import ctypes
import mmap

from .own_memory import Mapping, mappings

_LARGE = 2 << 20
_MADV_COLLAPSE = 25

_madvise = ctypes.CDLL(None).madvise


def use() -> None:
    """Of everything that is alive now. Where the kernel cannot (Linux before 6.1), all stays as it is."""
    for one in filter(_is_heap, mappings()):
        for address in range(-(-one.start // _LARGE) * _LARGE, one.end - _LARGE + 1, _LARGE):
            if _advise(address, _LARGE, _MADV_COLLAPSE):
                # Mapped in one piece, it would have to be split in every fork that writes to it. Split here, the pages
                # still belong together, which is enough for the fork to copy them together. Whatever tells one of them
                # from the others splits it; this says nothing about the use of memory, which goes on meanwhile.
                _advise(address, mmap.PAGESIZE, mmap.MADV_DONTDUMP)
                _advise(address, mmap.PAGESIZE, mmap.MADV_DODUMP)


def _is_heap(one: Mapping) -> bool:
    """That of C, or that of Python."""
    return one.rights == "rw-p" and one.file is None and one.name in ("", "[heap]")


def _advise(address: int, length: int, advice: int) -> bool:
    return _madvise(ctypes.c_void_p(address), ctypes.c_size_t(length), ctypes.c_int(advice)) == 0
