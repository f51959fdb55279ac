"""When an interrupt may be raised: only while user code runs, never inside the driver's own code."""

import _signal
from _thread import get_ident
from signal import SIG_UNBLOCK
from time import monotonic

_SOFT = int(_signal.SIGINT)
_HARD = int(_signal.SIGUSR2)
# Sent by the supervisor after the two others: only ends a system call that they came too early for.
_NUDGE = int(_signal.SIGURG)

# The few instructions between the end of user code and `armed = False` can be hit by one interrupt, which the caller
# is ready for. A second one, right in its handler, is not possible when this much time lies between two of a kind.
_SECONDS_BETWEEN = 0.2


class HardInterrupt(BaseException):
    """The second rung: raised in code that would not stop for KeyboardInterrupt. `except Exception` cannot catch it."""


# To its user it is an interrupt like the other one.
HardInterrupt.__name__ = HardInterrupt.__qualname__ = "KeyboardInterrupt"
HardInterrupt.__module__ = "builtins"
_NEVER = {KeyboardInterrupt: 0.0, HardInterrupt: 0.0}


class Gate:
    """Turns signals into exceptions. `armed` is True while user code runs in the main thread.

    What arrives inside the driver's code while an execution is in flight is kept until user code goes on.
    """

    def __init__(self, request_waiting):
        self.armed = False
        self.executing = False
        self._pending = None
        self._last_raised = dict(_NEVER)
        self._request_waiting = request_waiting
        self._main_thread = get_ident()

    def install(self) -> None:
        """Also undoes whatever user code did to these signals."""
        _signal.signal(_SOFT, self._on_soft)
        _signal.signal(_HARD, self._on_hard)
        _signal.signal(_NUDGE, _do_nothing)
        _signal.pthread_sigmask(SIG_UNBLOCK, (_SOFT, _HARD, _NUDGE))

    def after_fork_in_child(self) -> None:
        """A child of user code is interrupted as any Python program is; what its user installed stays."""
        if _signal.getsignal(_SOFT) == self._on_soft:
            _signal.signal(_SOFT, _signal.default_int_handler)

    def begin(self) -> None:
        """An execution is in flight; user code does not run yet."""
        self.executing = True

    def end(self) -> None:
        self.armed = False
        self.executing = False
        self._pending = None
        self._last_raised = dict(_NEVER)

    def open(self) -> None:
        """User code runs from here on. Raises what arrived before. Goes with `close`, on every way out."""
        if get_ident() == self._main_thread:
            self._arm()

    def close(self, was_armed: bool) -> None:
        """User code is over; `was_armed`: the state before `open`, for code that runs inside of other code."""
        if get_ident() == self._main_thread:
            self.armed = was_armed

    def enter(self) -> bool:
        """User code called the driver. What this returns goes to `leave`, on every way out."""
        if get_ident() != self._main_thread:
            return False
        was_armed = self.armed
        self.armed = False
        return was_armed

    def leave(self, was_armed: bool) -> None:
        if was_armed:
            self._arm()

    def _arm(self) -> None:
        self.armed = True
        kind = self._pending
        if kind is not None and self._is_due(kind):
            raise kind

    # The frame of whoever raises is the last one of the user's traceback, so it is one and no more.

    def _on_soft(self, number, frame):
        if self._is_due(KeyboardInterrupt):
            raise KeyboardInterrupt

    def _on_hard(self, number, frame):
        if self._is_due(HardInterrupt):
            raise HardInterrupt

    def _is_due(self, kind) -> bool:
        """Whether it is to be raised now; if not it may be later."""
        if not self.armed:
            # Between two executions with nothing to read, it was meant for one that is over.
            if (self.executing or self._request_waiting()) and self._pending is not HardInterrupt:
                self._pending = kind
            return False
        now = monotonic()
        self._pending = None
        if now - self._last_raised[kind] < _SECONDS_BETWEEN:
            return False
        self._last_raised[kind] = now
        return True


def _do_nothing(number, frame):
    pass
