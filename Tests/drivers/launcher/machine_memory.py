"""Where in the machine's memory a process has what it has. Only root is told."""

import ctypes
import mmap
from itertools import pairwise

LARGE = 2 << 20
_PAGES = LARGE // mmap.PAGESIZE
_PRESENT, _FRAME = 1 << 63, (1 << 55) - 1
_MADV_COLLAPSE = 25


def contiguous_places(pid: int | str = "self") -> int:
    """How many stretches of two MiB, of memory of no file, have nearly all pages side by side: some were written to since."""
    return sum(_neighbours(entries) > _PAGES * 0.8 for entries in _places(pid))


def _places(pid) -> list[list[int]]:
    found = []
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="surrogateescape") as maps, \
            open(f"/proc/{pid}/pagemap", "rb", buffering=0) as pagemap:
        for line in maps:
            addresses, rights, _, _, inode, *_ = line.split()
            if (rights, inode) == ("rw-p", "0"):
                start, end = (int(address, 16) for address in addresses.split("-"))
                for address in range(-(-start // LARGE) * LARGE, end - LARGE + 1, LARGE):
                    pagemap.seek(address // mmap.PAGESIZE * 8)
                    found.append(list(memoryview(pagemap.read(_PAGES * 8)).cast("Q")))
    return found


def _neighbours(entries: list[int]) -> int:
    return sum(one & other & _PRESENT != 0 and other & _FRAME == (one & _FRAME) + 1 for one, other in pairwise(entries))


def kernel_collapses() -> bool:
    """Whether it makes a large page of small ones. Linux before 6.1 does not, and then everything stays as it is."""
    memory = mmap.mmap(-1, 2 * LARGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.write(bytes(2 * LARGE))
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    address = -(-start // LARGE) * LARGE
    return ctypes.CDLL(None).madvise(ctypes.c_void_p(address), ctypes.c_size_t(LARGE), ctypes.c_int(_MADV_COLLAPSE)) == 0
