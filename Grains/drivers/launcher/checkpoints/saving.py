"""A save as the supervisor sees it: asked for, then a process that it watches, then nothing."""

import math
import os
import signal
import socket
import time

from .attachments import SAVE, Giver
from .room import Room

# Between two executions a driver does nothing else, but for a second at most of what makes its fork shorter.
_TAKE_SECONDS = 10.0
# User code can say so, too, and as often as it likes; others want their turn.
_ANSWERS_AT_ONCE = 16
# Of streaming; what takes longer was not worth it.
_WORK_SECONDS = 60.0


class Saving:
    """At most one at a time."""

    def __init__(self, giver: Giver, take_seconds: float = _TAKE_SECONDS, work_seconds: float = _WORK_SECONDS):
        self._giver = giver
        self._take_seconds = take_seconds
        self._work_seconds = work_seconds
        self._process: int | None = None
        self._connection: socket.socket | None = None
        self._room: Room | None = None
        self.deadline: float | None = None

    @property
    def is_under_way(self) -> bool:
        return self.deadline is not None

    @property
    def process(self) -> int | None:
        """A descriptor that can be read when the process has ended."""
        return self._process

    def begin(self, connection: int, room: Room) -> bool:
        """The room is ours from here on."""
        if not self._giver.give(SAVE, connection):
            room.close()
            return False
        self._room = room
        # So that its host hears of the end, whoever else still has it.
        self._connection = socket.socket(fileno=os.dup(connection))
        self.deadline = time.monotonic() + self._take_seconds
        return True

    def on_answer(self, driver: int, is_halted: bool = False) -> None:
        """Takes in what has been said. `driver`: the process that is never to be ended for it. `is_halted`: nobody may run now."""
        for _ in range(_ANSWERS_AT_ONCE):
            if (pid := self._giver.answer()) is None:
                return
            if not self.is_under_way or self._process is not None:
                continue
            try:
                self._process = os.pidfd_open(pid) if pid not in (0, driver, os.getpid()) else None
            except OSError:
                pass  # It has ended already.
            if self._process is None:
                self._finish()
            else:
                self._room.admit(pid, self._process, is_halted)
                self.deadline = time.monotonic() + self._work_seconds

    def on_end(self) -> None:
        os.close(self._process)
        self._process = None
        self._finish()

    def end_if_due(self) -> None:
        if self.deadline is None or time.monotonic() < self.deadline:
            return
        if self._process is None:
            self._finish()
            return
        try:
            signal.pidfd_send_signal(self._process, signal.SIGKILL)
        except OSError:
            pass
        # Its end will be reported; until then there is nothing more to be done.
        self.deadline = math.inf

    def _finish(self) -> None:
        self.deadline = None
        try:
            self._connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # Its host was faster.
        self._connection.close()
        self._room.close()
