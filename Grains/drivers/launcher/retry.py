"""When something that could not be done is to be tried again."""

import time

_FIRST_SECONDS = 0.05
_LAST_SECONDS = 5.0


class Retry:
    """Soon at first, then less and less often. `at`: when, by the monotonic clock; 0.0 while it was never postponed."""

    def __init__(self):
        self.at = 0.0
        self._pause = _FIRST_SECONDS

    @property
    def is_due(self) -> bool:
        return time.monotonic() >= self.at

    def postpone(self) -> bool:
        """True once: when it has become so rare that somebody should hear of it."""
        self.at = time.monotonic() + self._pause
        was_last = self._pause >= _LAST_SECONDS
        self._pause = min(2 * self._pause, _LAST_SECONDS)
        return not was_last and self._pause >= _LAST_SECONDS


def seconds_until_first(retries) -> float | None:
    """None when there are none."""
    first = min((retry.at for retry in retries), default=None)
    return None if first is None else max(0.0, first - time.monotonic())
