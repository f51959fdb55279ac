"""The rooms in which copies save sessions (`checkpoints.room`): lent out, and cleared when they are given back."""

import os
import select

from .isolation.home import Home
from .processes import log
from .retry import Retry, seconds_until_first


class Rooms:
    """`walls` make them, one a home, which keeps it. `fd` can be read when one has been given back."""

    def __init__(self, walls):
        self._walls = walls
        self._lent: dict[int, Home] = {}  # our end of the lease -> whose room it is
        self._returned = select.epoll()
        self._uncleared: list[tuple[Home, Retry]] = []

    @property
    def fd(self) -> int:
        return self._returned.fileno()

    def lend(self, home: Home) -> list[int]:
        """Descriptors for a supervisor, the caller's to close; when the last of the first is closed, the room is given back.

        None where nothing is counted, or nothing is to be had: a copy then works where its session does.
        """
        descriptors = []
        try:
            if self._walls.open_room(home):
                descriptors.append(self._lease(home))
                home.room.admissions(descriptors)
        except OSError as error:
            log(f"no room for a copy: {error.strerror}")
            for descriptor in descriptors:
                os.close(descriptor)
            return []
        return descriptors

    def on_returned(self) -> None:
        for lease, _ in self._returned.poll(0):
            self._returned.unregister(lease)
            os.close(lease)
            self._clear(self._lent.pop(lease), Retry())

    def seconds_until_due(self) -> float | None:
        """When `tend` is to be called next."""
        return seconds_until_first(retry for _, retry in self._uncleared)

    def tend(self) -> None:
        """Tries again what could not be cleared."""
        for one in [one for one in self._uncleared if one[1].is_due]:
            self._uncleared.remove(one)
            self._clear(*one)

    def _lease(self, home: Home) -> int:
        ours, theirs = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            self._returned.register(ours, select.EPOLLIN)
        except OSError:
            os.close(ours)
            os.close(theirs)
            raise
        self._lent[ours] = home
        return theirs

    def _clear(self, home: Home, retry: Retry) -> None:
        """Who was left in it by a copy ends with it."""
        # Gone with its home, or in use again: then its next copy's end is its own.
        if home.room is None or home in self._lent.values():
            return
        try:
            if home.room.end_members():
                return
        except FileNotFoundError:
            return
        except OSError as error:
            log(f"a room cannot be cleared: {error.strerror}")
        self._uncleared.append((home, retry))
        if retry.postpone():
            log("a room cannot be cleared yet")
