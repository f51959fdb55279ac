"""The rooms in which copies save their sessions (`checkpoints.room`): handed out, and cleared when they are let go."""

import os
import select

from .isolation.cgroups import Group
from .processes import log
from .retry import Retry, seconds_until_first


class Rooms:
    """`walls` make them. `fd` can be read when one has been let go."""

    def __init__(self, walls):
        self._walls = walls
        self._leased: dict[int, Group] = {}  # our end of the lease -> the room
        self._ended = select.epoll()
        self._cleared: dict[Group, Retry] = {}

    @property
    def fd(self) -> int:
        return self._ended.fileno()

    def open(self) -> list[int]:
        """Descriptors for a supervisor, the caller's to close; when the last of the first is closed, the room is let go.

        None where nothing is counted, or nothing is to be had: a copy then works where its session does.
        """
        try:
            group = self._walls.open_room()
            return [] if group is None else self._lease(group)
        except OSError as error:
            log(f"no room for a copy: {error.strerror}")
            return []

    def on_ended(self) -> None:
        for lease, _ in self._ended.poll(0):
            self._ended.unregister(lease)
            os.close(lease)
            self._clear(self._leased.pop(lease), Retry())

    def seconds_until_due(self) -> float | None:
        """When `tend` is to be called next."""
        return seconds_until_first(self._cleared.values())

    def tend(self) -> None:
        """Tries again what could not be cleared."""
        for group, retry in [item for item in self._cleared.items() if item[1].is_due]:
            self._clear(group, retry)

    def _lease(self, group: Group) -> list[int]:
        ours, theirs = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._leased[ours] = group
        self._ended.register(ours, select.EPOLLIN)
        try:
            return [theirs, *group.admissions()]
        except OSError:
            os.close(theirs)
            raise

    def _clear(self, group: Group, retry: Retry) -> None:
        """Who was left in it by a copy ends with it."""
        try:
            group.end_members()
            is_gone = group.remove()
        except FileNotFoundError:
            is_gone = True
        except OSError:
            is_gone = False
        if is_gone:
            self._cleared.pop(group, None)
            return
        self._cleared[group] = retry
        if retry.postpone():
            log("a room cannot be cleared yet")
