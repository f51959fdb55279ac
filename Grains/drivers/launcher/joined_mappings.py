"""Makes one mapping of each two or three that the linker makes of a library: a fork copies every one of them.

A library is its head, its code, its constants, and its data, of which a part is writable no more once it is linked: five
mappings, and more than a hundred libraries. Their rights are all that tells them apart, so they become two: what is read and
run, and what is written. That takes nothing from the walls: whoever runs code here may change these rights, too.
"""

import ctypes
from itertools import pairwise
from mmap import PROT_EXEC, PROT_READ, PROT_WRITE

from .own_memory import Mapping, mappings

_mprotect = ctypes.CDLL(None).mprotect


def use() -> None:
    """Of all libraries that are loaded now. Where the kernel does not want to, all stays as it is."""
    for before, after in pairwise(list(mappings())):
        if (before.rights, after.rights) == ("r--p", "rw-p") and before.goes_on_in(after):
            _protect(before.start, before.end, PROT_READ | PROT_WRITE)
    for run in _runs(list(mappings())):
        if len(run) > 1 and any(one.rights == "r-xp" for one in run):
            _protect(run[0].start, run[-1].end, PROT_READ | PROT_EXEC)


def _runs(found: list[Mapping]) -> list[list[Mapping]]:
    """What cannot be written to, of one file, without a gap."""
    runs: list[list[Mapping]] = []
    for one in found:
        if one.rights not in ("r--p", "r-xp"):
            continue
        if runs and runs[-1][-1].goes_on_in(one):
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _protect(start: int, end: int, rights: int) -> None:
    _mprotect(ctypes.c_void_p(start), ctypes.c_size_t(end - start), ctypes.c_int(rights))
