"""Puts a large heap into large pages: a fork copies what it knows of each page, and that is most of what it does."""

import mmap
from collections.abc import Callable
from time import monotonic

from sandbox_launcher.large_pages import MOST_HOLES, NO_ROOM, collapse, counting_holes, places
from sandbox_launcher.own_memory import anonymous_bytes

# The fork of a smaller session takes little as it is.
_WORTH_IT_BYTES = 64 << 20
# Enough for the largest; the next save goes on where this one ended.
_SECONDS = 1.0
# Pages that were not in memory before, in one save.
_MOST_FILLED = (4 << 20) // mmap.PAGESIZE


class LargePages:
    """Of a session."""

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
        with counting_holes() as count_holes:
            for address in places():
                # User code can map more than could ever be looked through, and in as many pieces.
                if not goes_on() or monotonic() > deadline:
                    break
                if address is None:
                    continue
                holes = count_holes(address)
                if holes > min(MOST_HOLES, _MOST_FILLED - filled):
                    continue
                error = collapse(address)
                if error in NO_ROOM:
                    break
                filled += holes if error == 0 else 0
