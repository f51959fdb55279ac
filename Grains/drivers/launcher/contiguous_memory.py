"""Puts what the launcher has side by side in the machine's memory: a fork looks up what the kernel notes of each page.

Those notes lie in the order of the machine's memory, and a processor reads ahead in it: scattered, each one has to be waited for.
The pages stay small. Parts of a large one would be copied faster still, but whoever asks the kernel whether one of them was used
has all of them looked up, in every process that shares it (deploy/docs/decisions/0011).
"""

from collections.abc import Callable
from time import monotonic

from . import large_pages

# A machine that has to make room first can take long, and a silo waits for its launchers.
_SECONDS = 1.0


def use() -> None:
    """For all that it has now. Where the kernel does not want to, all stays as it is."""
    try:
        with large_pages.counting_holes() as count_holes:
            _gather(count_holes)
    except OSError:
        pass  # A kernel that tells nobody of pages.


def _gather(count_holes: Callable[[int], int]) -> None:
    deadline = monotonic() + _SECONDS
    for address in large_pages.places():
        if monotonic() > deadline:
            break
        if address is None or count_holes(address) > large_pages.MOST_HOLES:
            continue
        error = large_pages.collapse(address)
        if error in large_pages.NO_ROOM:
            break
        if error == 0:
            large_pages.split(address)
