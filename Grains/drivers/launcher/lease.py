"""The silo's lease on its contexts: what its silence stops, until it speaks again."""

import math
import time


class Lease:
    """`seconds` of silence end it; 0: it never ends. A silo speaks more often than that as long as it may run code.

    It begins with the first word: whoever has never said any has given nobody a lease.
    """

    def __init__(self, seconds: float):
        self._seconds = seconds or math.inf
        self._until = math.inf
        self.is_over = False

    def renew(self) -> bool:
        """The silo spoke. True when that ends a silence."""
        self._until = time.monotonic() + self._seconds
        was_over, self.is_over = self.is_over, False
        return was_over

    def end_if_due(self) -> bool:
        """True when it has ended just now."""
        if self.is_over or time.monotonic() < self._until:
            return False
        self.is_over = True
        return True

    def seconds_until_due(self) -> float | None:
        return None if self.is_over or self._until == math.inf else max(0.0, self._until - time.monotonic())
