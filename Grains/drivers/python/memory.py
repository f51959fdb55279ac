"""A reserve of memory for the driver: what is left for it when user code has used up all that it may have."""

from resource import RLIMIT_DATA, RLIM_INFINITY, getrlimit, setrlimit

_getrlimit, _setrlimit = getrlimit, setrlimit


class Reserve:
    """The launcher sets the soft limit to what user code may have, and the hard limit above it."""

    def __init__(self):
        soft, hard = _getrlimit(RLIMIT_DATA)
        self._for_user_code = (soft, hard)
        self._for_driver = (hard, hard)
        self._exists = soft != RLIM_INFINITY

    def close(self) -> None:
        """User code runs from here on. It may have set limits of its own, which are no wider."""
        self._set(self._for_user_code)

    def open(self) -> None:
        """The driver's own code runs from here on."""
        self._set(self._for_driver)

    def _set(self, limits: tuple[int, int]) -> None:
        if not self._exists:
            return
        try:
            _setrlimit(RLIMIT_DATA, limits)
        except (OSError, ValueError):
            pass  # User code has lowered the hard limit: it has no reserve any more, and knows why.


def is_exhaustion(error: BaseException) -> bool:
    """Whether it is Python's word for memory that could not be had; also numpy's, which is a kind of it."""
    return MemoryError in type(error).__mro__
