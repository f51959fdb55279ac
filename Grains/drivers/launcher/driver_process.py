"""A driver as its supervisor sees it: a process it can signal, and pipes it can write without waiting."""

import os
import signal
import time

from . import processes
from .checkpoints.attachments import Giver
from .checkpoints.failures import DETAILS
from .driver_pipes import DriverPipes
from .frames import pack
from .outbox import Outbox


# Python handles a signal between two instructions. One that comes after the last look and before a system call that
# blocks is noted, and lies there until the call ends; any later signal ends it. So each interrupt is followed by a few
# that mean nothing else, with these pauses, for as long as the execution runs.
_NUDGE_SECONDS = (0.02, 0.1, 0.4)


class DriverProcess:
    """`status` is the wait status once the process has been reaped; until then its pid cannot belong to another.

    `nudge_signal` is None for a runtime that needs no nudges; `nudge_at` is when the next one is due.
    """

    def __init__(self, pid: int, pipes: DriverPipes, hard_signal: int, nudge_signal: int | None, memory_kills):
        """`memory_kills()`: how many processes of this context the kernel has ended for want of memory."""
        self.pid = pid
        self.status: int | None = None
        self.events = pipes.events[0]
        self.requests = Outbox(pipes.requests[1])
        self.attachments = Giver(pipes.attachments[0])
        self.unreachable = False
        self._acknowledgements = pipes.acknowledgements[1]
        self._doorbell = pipes.doorbell[1] if pipes.doorbell else None
        self._hard_signal = hard_signal
        self._nudge_signal = nudge_signal
        self._nudges = []
        self.nudge_at: float | None = None
        self._memory_kills = memory_kills
        # The home may have had interpreters before.
        self._kills_before = memory_kills()
        self.is_halted = False
        self._postponed: tuple[int, bytes] | None = None

    def begin(self) -> None:
        """An execution begins."""
        self._kills_before = self._memory_kills()

    def how_it_ended(self, is_restoring: bool) -> dict:
        """The reason of `ended`, once it has been reaped. `is_restoring`: it has not answered a `start` with `restore` yet."""
        code = os.waitstatus_to_exitcode(self.status)
        if code == -signal.SIGKILL and self._memory_kills() > self._kills_before:
            return {"reason": "memory"}
        if code < 0:
            return {"reason": "signaled", "signal": -code}
        if is_restoring and code in DETAILS:
            return {"reason": "restore", "detail": DETAILS[code]}
        return {"reason": "exited", "code": code}

    def send(self, body: bytes) -> None:
        """Passes a request on as the host wrote it."""
        self.requests.put(pack(body))
        self.requests.flush()
        self._ring()

    def acknowledge(self) -> None:
        try:
            os.write(self._acknowledgements, b"\0")
        except OSError:
            # Closed, or thousands of them unread: either way this driver waits for none of them any more.
            self.unreachable = True

    def halt(self) -> None:
        """Neither it nor any other process of its context runs until `go_on`, whatever is asked of it meanwhile."""
        self.is_halted = True
        processes.signal_descendants(signal.SIGSTOP)

    def go_on(self) -> None:
        self.is_halted = False
        processes.signal_descendants(signal.SIGCONT)
        if self._postponed is not None:
            postponed, self._postponed = self._postponed, None
            self.interrupt(*postponed)

    def interrupt(self, rung: int, body: bytes) -> None:
        if self.status is not None:
            return
        if self.is_halted:
            # It would have to run for it.
            self._postponed = rung, body
            return
        if self._doorbell is not None:
            # A driver that waits for a promise handles no signal: it is told in its own words too.
            self.send(body)
        # Code that has stopped itself would otherwise never notice.
        self._signal(os.killpg, signal.SIGCONT)
        if rung == 1 or self._hard_signal == signal.SIGINT:
            self._signal(os.killpg, signal.SIGINT)
        else:
            self._signal(os.kill, self._hard_signal)
        if self._nudge_signal is not None:
            self._nudges = list(_NUDGE_SECONDS)
            self._schedule_nudge()

    def nudge_if_due(self, is_running: bool) -> None:
        if self.nudge_at is None:
            return
        if not is_running:
            self.nudge_at = None
        elif time.monotonic() >= self.nudge_at:
            if self.status is None:
                self._signal(os.kill, self._nudge_signal)
            self._schedule_nudge()

    def _schedule_nudge(self) -> None:
        self.nudge_at = time.monotonic() + self._nudges.pop(0) if self._nudges else None

    def kill(self) -> None:
        if self.status is None:
            self._signal(os.kill, signal.SIGKILL)

    def _signal(self, send, number: int) -> None:
        try:
            send(self.pid, number)
        except ProcessLookupError:
            pass

    def _ring(self) -> None:
        if self._doorbell is None:
            return
        try:
            os.write(self._doorbell, b"\0")
        except OSError:
            pass  # A full doorbell rings already, and a closed one is noticed on the other descriptors.
