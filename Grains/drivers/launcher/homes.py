"""The homes of a launcher and the interpreters in them: made, entered, given up, and removed with nothing left."""

import os
import signal
import socket
import time
from dataclasses import dataclass, field

from . import chain, processes
from .checkpoints.attachments import SAVE
from .files.servers import FileServers
from .frames import FrameError
from .handover import GO_ON, HALT, send_connection, send_word
from .isolation.home import Home
from .processes import log
from .retry import Retry, seconds_until_first
from .rooms import Rooms


@dataclass(eq=False)
class HeldHome:
    """A home and who uses it. `holder`: the connection whose end is the home's; None while it waits in the pool."""

    name: str
    home: Home
    holder: int | None = None
    waiting: int | None = None  # The supervisor, of those below, that nobody has entered yet.
    entered: int | None = None  # The one that was entered last.
    supervisors: dict[int, int | None] = field(default_factory=dict)  # pid -> control descriptor, None once it was closed
    is_over: bool = False


@dataclass(eq=False)
class _Removal:
    """A home that is to go. `remover`: the child that is at it, where removing takes a while."""

    home: Home
    # A cgroup whose last process has ended is free a moment later; a directory may take its remover a while.
    retry: Retry = field(default_factory=Retry)
    remover: int | None = None


class Homes:
    """`walls` make and remove them; `language` runs in them, and sessions are saved in `rooms`."""

    def __init__(self, language, walls, rooms: Rooms):
        self._language = language
        self._walls = walls
        self._rooms = rooms
        self._made = 0
        self._held: dict[str, HeldHome] = {}
        self._by_supervisor: dict[int, HeldHome] = {}
        self._removals: list[_Removal] = []
        self._files = FileServers(walls)
        self._is_halted = False

    def find(self, name: str) -> HeldHome | None:
        return self._held.get(name)

    def make(self) -> HeldHome:
        """A new home, and an interpreter that is getting ready in it."""
        self._made += 1
        held = HeldHome(str(self._made), self._walls.open_home())
        self._held[held.name] = held
        try:
            held.waiting = self._start(held)
        except OSError:
            self.give_up(held)
            raise
        return held

    def enter(self, held: HeldHome, connection: int) -> None:
        """Gives the connection to an interpreter that nobody has entered yet."""
        if held.is_over:
            raise FrameError("host: the home is gone")
        pid, held.waiting = held.waiting or self._start(held), None
        held.entered = pid
        if self._is_halted:
            # Ahead of whoever could have it run something.
            send_word(held.supervisors[pid], HALT)
        send_connection(held.supervisors[pid], connection)

    def attach(self, held: HeldHome | None, connection: int, purpose: bytes) -> None:
        """Hands it to the interpreter that works there. Whoever is not served sees the end of the stream, and that is all."""
        control = held.supervisors.get(held.entered) if held is not None else None
        if control is None:
            return
        room = self._rooms.lend(held.home) if purpose == SAVE else []
        try:
            send_connection(control, connection, purpose, room)
        except OSError:
            pass
        finally:
            for descriptor in room:
                os.close(descriptor)

    def halt(self) -> None:
        """No tenant's code runs any more, in the interpreters that there are and in those that are entered meanwhile."""
        self._is_halted = True
        for held in [held for held in self._held.values() if not self._tell(held, HALT)]:
            log("an interpreter does not listen to its launcher, and is ended")
            self.give_up(held)

    def go_on(self) -> None:
        """One that cannot be told stays halted, which its host notices by its deadlines."""
        self._is_halted = False
        for held in self._held.values():
            if not self._tell(held, GO_ON):
                log("an interpreter does not listen to its launcher")

    def serve_files(self, held: HeldHome | None, connection: int) -> None:
        """One operation. Whoever asks for a home that is gone, or halted, sees the end of the connection, and that is all."""
        if held is not None and not held.is_over and not self._is_halted:
            self._files.start(held, connection)

    def give_up(self, held: HeldHome) -> None:
        """Ends all in it; it is removed when the last is gone."""
        if held.is_over:
            return
        held.is_over = True
        for control in held.supervisors.values():
            os.close(control)
        held.supervisors = dict.fromkeys(held.supervisors)
        self._files.end(held)
        self._remove_if_empty(held)

    def on_exit(self, pid: int) -> HeldHome | None:
        """A child has ended. Returns the home whose interpreter ended before anybody entered it."""
        held = self._by_supervisor.pop(pid, None)
        if held is None:
            if (served := self._files.on_exit(pid)) is not None:
                self._remove_if_empty(served)
            else:
                self._on_remover_exit(pid)
            return None
        control = held.supervisors.pop(pid)
        if control is not None:
            os.close(control)
        if not self._walls.dies_with_supervisor:
            self._kill_orphans()
        was_waiting = held.waiting == pid
        if was_waiting:
            held.waiting = None
            # In the pool nobody would ever notice; a host that holds it may still enter, and gets another.
            held.is_over = held.is_over or held.holder is None
        self._remove_if_empty(held)
        return held if was_waiting else None

    # --- removal

    def seconds_until_due(self) -> float | None:
        """When `tend` is to be called next."""
        return seconds_until_first(removal.retry for removal in self._removals if removal.remover is None)

    def tend(self) -> None:
        """Tries again what could not be removed."""
        for removal in [removal for removal in self._removals if removal.remover is None and removal.retry.is_due]:
            self._try(removal)

    def end_all(self, signals: processes.SignalPipe, seconds: float, kill_seconds: float) -> None:
        """Gives every home up, waits for its interpreters at most so long, and then kills them."""
        for held in list(self._held.values()):
            self.give_up(held)
        deadline = time.monotonic() + seconds
        while (self._held or self._removals) and (left := deadline - time.monotonic()) > 0:
            due = self.seconds_until_due()
            signals.wait(left if due is None else min(left, due))
            for pid, _ in processes.reap():
                self.on_exit(pid)
            self.tend()
        processes.kill_descendants(signals, kill_seconds, lambda pid, status: None)
        for home in [*(held.home for held in self._held.values()), *(removal.home for removal in self._removals)]:
            if not self._is_removed(home):
                log("a home could not be removed")

    def _remove_if_empty(self, held: HeldHome) -> None:
        if held.is_over and not held.supervisors and not self._files.serves(held) and self._held.pop(held.name, None) is not None:
            removal = _Removal(held.home)
            self._removals.append(removal)
            self._try(removal)

    def _try(self, removal: _Removal) -> None:
        if not self._walls.removal_is_quick:
            self._remove_aside(removal)
        elif self._is_removed(removal.home):
            self._forget(removal)
        else:
            self._postpone(removal)

    def _remove_aside(self, removal: _Removal) -> None:
        """In a child: a home of a million files must not keep others waiting for their interpreter."""
        launcher = os.getpid()
        try:
            pid = processes.fork()
        except OSError:
            self._postpone(removal)
            return
        if pid == 0:
            code = 1
            try:
                processes.reset_signals()
                # It must hold up the end of nobody whose descriptor it has inherited.
                processes.close_all_but(())
                processes.die_with_parent(launcher, signal.SIGKILL)
                code = 0 if self._is_removed(removal.home) else 1
            finally:
                os._exit(code)
        removal.remover = pid

    def _on_remover_exit(self, pid: int) -> None:
        removal = next((removal for removal in self._removals if removal.remover == pid), None)
        if removal is None:
            return
        removal.remover = None
        if os.path.lexists(removal.home.path):
            self._postpone(removal)
        else:
            self._forget(removal)

    def _postpone(self, removal: _Removal) -> None:
        if removal.retry.postpone():
            log("a home cannot be removed yet")

    def _forget(self, removal: _Removal) -> None:
        self._removals.remove(removal)
        self._walls.forget_home(removal.home)

    def _is_removed(self, home: Home) -> bool:
        try:
            return self._walls.remove_home(home)
        except OSError:
            return False

    # --- interpreters

    def _start(self, held: HeldHome) -> int:
        ours, theirs = (end.detach() for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        try:
            pid = self._walls.fork()
        except OSError:
            os.close(ours)
            raise
        else:
            if pid == 0:
                processes.close_all_but({theirs, *self._walls.descriptors})
                chain.run(self._language, self._walls, held.home, theirs)
        finally:
            os.close(theirs)
        held.supervisors[pid] = ours
        self._by_supervisor[pid] = held
        return pid

    def _tell(self, held: HeldHome, word: bytes) -> bool:
        """Every interpreter in it that a tenant's code may run in. False when one of them has more to take than it can."""
        for pid, control in held.supervisors.items():
            if control is None or pid == held.waiting:
                continue
            try:
                send_word(control, word)
            except BlockingIOError:
                return False
            except OSError:
                pass  # It has just ended.
        return True

    def _kill_orphans(self) -> None:
        removers = {removal.remover for removal in self._removals}
        for orphan in processes.descendants_of(os.getpid(), self._by_supervisor.keys() | removers | self._files.pids):
            processes.kill(orphan, signal.SIGKILL)
