"""Homes with a waiting interpreter, made before anybody asks."""

import time
from collections import deque
from dataclasses import dataclass

# Long enough for the request that took one to be answered: what takes its place must not compete with it.
_REFILL_SECONDS = 0.1

# After a failure, doubled with each one more.
_LONGEST_PAUSE_SECONDS = 10.0

# How long more are kept than were needed.
_SHRINK_SECONDS = 60.0


@dataclass(frozen=True)
class PoolBounds:
    """How many may wait idle."""

    minimum: int = 2
    maximum: int = 8


class Pool:
    """Decides how many wait: more whenever one was asked for and none was there, fewer when some were never needed.

    Makes nothing itself: `make()` returns a new one, `discard(one)` ends it.
    """

    def __init__(self, bounds: PoolBounds, make, discard, clock=time.monotonic):
        self._bounds = bounds
        self._make = make
        self._discard = discard
        self._clock = clock
        self._waiting = deque()
        self._target = bounds.minimum
        self._refill_at: float | None = clock()
        self._pause = _REFILL_SECONDS
        self._fewest = 0
        self._shrink_at = clock() + _SHRINK_SECONDS

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def target(self) -> int:
        return self._target

    def take(self):
        """One that waits, or None."""
        now = self._clock()
        if self._refill_at is None:
            self._refill_at = now + _REFILL_SECONDS
        if not self._waiting:
            self._target = min(self._bounds.maximum, max(1, self._target * 2))
            self._fewest = 0
            return None
        taken = self._waiting.popleft()
        self._pause = _REFILL_SECONDS
        self._fewest = min(self._fewest, len(self._waiting))
        return taken

    def remove(self, one) -> None:
        """It has come to its end while it waited."""
        if one in self._waiting:
            self._waiting.remove(one)
            self._back_off()

    def drain(self) -> list:
        """All that wait; nothing is made any more."""
        self._target = 0
        self._refill_at = None
        taken = list(self._waiting)
        self._waiting.clear()
        return taken

    def seconds_until_due(self) -> float | None:
        """When `tend` is to be called next; None when a `take` has to come first."""
        due = [self._shrink_at] if self._target > self._bounds.minimum else []
        if self._refill_at is not None:
            due.append(self._refill_at)
        return max(0.0, min(due) - self._clock()) if due else None

    def tend(self) -> None:
        """Makes one that is missing; one at a time, so that requests come in between. Raises what `make` does."""
        now = self._clock()
        if now >= self._shrink_at:
            self._shrink()
            self._shrink_at = now + _SHRINK_SECONDS
        if self._refill_at is None or now < self._refill_at:
            return
        if len(self._waiting) < self._target:
            try:
                self._waiting.append(self._make())
            except OSError:
                self._back_off()
                raise
        if len(self._waiting) >= self._target:
            self._refill_at = None

    def _back_off(self) -> None:
        """What fails or ends at once is not made again and again."""
        self._refill_at = self._clock() + self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)

    def _shrink(self) -> None:
        if self._fewest > 0 and self._target > self._bounds.minimum:
            self._target -= 1
            if len(self._waiting) > self._target:
                self._discard(self._waiting.pop())
        self._fewest = len(self._waiting)
