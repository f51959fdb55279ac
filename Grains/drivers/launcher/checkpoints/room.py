"""What the copy that saves a session may use: as much as its context, and beside it.

Otherwise it would take from the session that it copies, which near its limit could never be saved, and which would stand still
as often as both together had used up their share of the processors.
"""

import os
from collections.abc import Sequence
from signal import SIGCONT, pidfd_send_signal, sigtimedwait

from ..processes import log

# Moving a process takes the kernel milliseconds. Who is not moved works where it is.
ADMISSION_SECONDS = 1


class Room:
    """Lent by the launcher, who takes it back, and ends whoever is still in it, when `close` or the end of this process says so.

    `descriptors`: a lease, and what lets a process in (`Group.admissions`); none where nothing is counted.
    """

    def __init__(self, descriptors: Sequence[int]):
        self._descriptors = descriptors

    def admit(self, pid: int, process: int, is_halted: bool) -> None:
        """`process`: a descriptor of the same. What it has used before is its context's.

        The kernel takes some milliseconds to move it. Whoever is halted goes on with all others.
        """
        _, *admissions = self._descriptors or (None,)
        try:
            for admission in admissions:
                os.write(admission, b"%d" % pid)
        except ProcessLookupError:
            return
        except OSError as error:
            log(f"a copy works where its session does: {error.strerror}")
        if not is_halted:
            _go_on(process)

    def close(self) -> None:
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors = ()


def _go_on(process: int) -> None:
    try:
        pidfd_send_signal(process, SIGCONT)
    except ProcessLookupError:
        pass


def await_admission() -> None:
    """In the copy, which must hold SIGCONT back since before it said who it is."""
    sigtimedwait({SIGCONT}, ADMISSION_SECONDS)
