"""The launcher's side of files: forks a process for each operation, and knows whose it is until it has ended."""

import os
import signal

from .. import processes
from ..frames import json_bytes, pack
from . import process
from .failures import BUSY

# At once in one home. The host keeps to less.
_MAX_OF_A_HOME = 16


class FileServers:
    """`walls` are those of the launcher; a home is whatever the caller keeps, with the walls' own home as its `home`."""

    def __init__(self, walls):
        self._walls = walls
        self._homes: dict[int, object] = {}  # pid -> whose files it serves

    @property
    def pids(self):
        return self._homes.keys()

    def serves(self, held) -> bool:
        return held in self._homes.values()

    def start(self, held, connection: int) -> None:
        """The connection stays the caller's to close. Raises OSError when there is no process to be had."""
        if sum(other is held for other in self._homes.values()) >= _MAX_OF_A_HOME:
            _refuse(connection)
            return
        pid = self._walls.fork()
        if pid == 0:
            processes.close_all_but({connection, *self._walls.descriptors})
            process.run(self._walls, held.home, connection)
        self._homes[pid] = held

    def end(self, held) -> None:
        for pid, other in self._homes.items():
            if other is held:
                processes.kill(pid, signal.SIGKILL)

    def on_exit(self, pid: int):
        """Whose it was; None when it is none of ours."""
        return self._homes.pop(pid, None)


def _refuse(connection: int) -> None:
    try:
        os.write(connection, pack(json_bytes({"event": "failed", "reason": BUSY})))
    except OSError:
        pass  # Nobody waits for it any more.
