"""What the copy that saves a session may use: as much as its context, and beside it.

Otherwise it would take from the session that it copies, which near its limit could never be saved, and which would stand still
as often as both together had used up their share of the processors.
"""

import os
from collections.abc import Sequence
from signal import SIGCONT, pidfd_send_signal, sigtimedwait

# Moving a process takes the kernel milliseconds. Who is not moved works where it is.
_ADMISSION_SECONDS = 1.0


class Room:
    """Given by the launcher, who takes it back, with whoever is still in it, when `close` or the end of this process says so.

    `descriptors`: a lease, and what lets a process in (`Group.admissions`); none where nothing is counted.
    """

    def __init__(self, descriptors: Sequence[int]):
        self._descriptors = descriptors

    def admit(self, pid: int, process: int) -> None:
        """`process`: a descriptor of the same. What it has used before is its context's."""
        _, *admissions = self._descriptors or (None,)
        try:
            for admission in admissions:
                os.write(admission, b"%d" % pid)
        except OSError:
            pass
        try:
            pidfd_send_signal(process, SIGCONT)
        except OSError:
            pass  # It has ended.

    def close(self) -> None:
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors = ()


def await_admission() -> None:
    """In the copy, which must hold SIGCONT back since before it said who it is."""
    sigtimedwait({SIGCONT}, _ADMISSION_SECONDS)
