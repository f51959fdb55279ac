"""Puts the launcher's memory into large pages: a fork copies what it knows of each page, and that is most of what it does."""

import ctypes
import mmap

_LARGE = 2 << 20
_MADV_COLLAPSE = 25

_libc = ctypes.CDLL(None)


def use() -> None:
    """Of everything that is alive now. Where the kernel cannot (Linux before 6.1), all stays as it is."""
    for start, end in _private_memory():
        for address in range(-(-start // _LARGE) * _LARGE, end - _LARGE + 1, _LARGE):
            if _call("madvise", address, _LARGE, _MADV_COLLAPSE):
                # Mapped in one piece, it would have to be split in every fork that writes to it. Split here, the pages
                # still belong together, which is enough for the fork to copy them together.
                _call("mprotect", address, mmap.PAGESIZE, mmap.PROT_READ)
                _call("mprotect", address, mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_WRITE)


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


def _call(name: str, address: int, length: int, value: int) -> bool:
    function = getattr(_libc, name)
    return function(ctypes.c_void_p(address), ctypes.c_size_t(length), ctypes.c_int(value)) == 0
