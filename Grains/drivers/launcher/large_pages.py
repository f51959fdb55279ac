"""Puts the launcher's memory into large pages: a fork copies what it knows of each page, and that is most of what it does."""

import ctypes
import mmap

_LARGE = 2 << 20
_MADV_COLLAPSE = 25

_madvise = ctypes.CDLL(None).madvise


def use() -> None:
    """Of everything that is alive now. Where the kernel cannot (Linux before 6.1), all stays as it is."""
    for start, end in _private_memory():
        for address in range(-(-start // _LARGE) * _LARGE, end - _LARGE + 1, _LARGE):
            if _advise(address, _LARGE, _MADV_COLLAPSE):
                # Mapped in one piece, it would have to be split in every fork that writes to it. Split here, the pages
                # still belong together, which is enough for the fork to copy them together. Whatever tells one of them
                # from the others splits it; this says nothing about the use of memory, which goes on meanwhile.
                _advise(address, mmap.PAGESIZE, mmap.MADV_DONTDUMP)
                _advise(address, mmap.PAGESIZE, mmap.MADV_DODUMP)


def _private_memory() -> list[tuple[int, int]]:
    """Writable mappings of no file: the heap of C, and that of Python."""
    found = []
    with open("/proc/self/maps", "rb") as file:
        for line in file:
            addresses, rights, _, _, inode, *name = line.split()
            if rights == b"rw-p" and inode == b"0" and name in ([], [b"[heap]"]):
                start, _, end = addresses.partition(b"-")
                found.append((int(start, 16), int(end, 16)))
    return found


def _advise(address: int, length: int, advice: int) -> bool:
    return _madvise(ctypes.c_void_p(address), ctypes.c_size_t(length), ctypes.c_int(advice)) == 0
