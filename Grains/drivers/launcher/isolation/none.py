"""The tier `none`: a context is a plain child process. For development on a machine that has nothing better, and for tests."""

from .. import processes
from ..environment import Places
from . import directories
from .home import Home
from .limits import Limits


class NoWalls:
    """What is left is that processes and homes are cleaned up after."""

    tier = "none"
    # Whatever a supervisor could not end is ended by the launcher.
    dies_with_supervisor = False
    removal_is_quick = False

    def __init__(self, limits: Limits, homes: str):
        self._limits = limits
        self._homes = homes

    # --- in the launcher

    def open_home(self) -> Home:
        return Home(directories.create(self._homes))

    def remove_home(self, home: Home) -> bool:
        return directories.remove(home.path)

    def forget_home(self, home: Home) -> None:
        """It is gone; what it had of the launcher's can be had by another."""

    def open_room(self, home: Home) -> bool:
        """There is no cgroup."""
        return False

    def fork(self) -> int:
        return processes.fork()

    @property
    def descriptors(self) -> list[int]:
        """What `surround` will need."""
        return []

    # --- in the supervisor

    def surround(self, home: Home) -> Places:
        # Nobody else would end what a driver leaves behind.
        processes.adopt_orphans()
        return Places(home.path, home.path)

    def settle(self) -> None:
        """There is nothing to give up."""

    # --- in the driver

    def join(self, home: Home) -> None:
        """There is no cgroup."""

    def enclose(self, home: Home, runtime_bytes: int) -> None:
        """There is no wall."""
