"""Puts a large heap into large pages: a fork copies what it knows of each page, and that is most of what it does."""

import mmap
from collections.abc import Callable
from time import monotonic

from sandbox_launcher.large_pages import make
from sandbox_launcher.own_memory import anonymous_bytes

# The fork of a smaller session takes little as it is.
_WORTH_IT_BYTES = 8 << 20
# Enough for the largest; the next save goes on where this one ended. User code can map more than could ever be looked through.
_SECONDS = 1.0
_MOST_FILLED = (4 << 20) // mmap.PAGESIZE


class LargePages:
    """Of a session."""

    def __init__(self):
        """In the launcher: what it has by now does not count towards a session's heap."""
        self._inherited = anonymous_bytes()

    def use(self, goes_on: Callable[[], bool]) -> None:
        """The session becomes hardly larger by it. `goes_on` is asked before each of them. Raises OSError where that cannot be."""
        if anonymous_bytes() - self._inherited < _WORTH_IT_BYTES:
            return
        deadline = monotonic() + _SECONDS
        for _ in make(lambda: goes_on() and monotonic() < deadline, _MOST_FILLED):
            pass
