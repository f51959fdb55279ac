"""The launcher's loop: connections in, homes and interpreters out, and nothing left of them afterwards."""

import os
import select
import signal
import socket
import stat
import time
from dataclasses import dataclass, field

from . import chain, processes
from .frames import FrameError, json_bytes, pack
from .handover import PURPOSES, send_connection
from .isolation.home import Home
from .pool import Pool, PoolBounds
from .processes import log
from .reception import Caller

_BACKLOG = 512
_STDIN = 0
_STDOUT = 1

# When accept fails for want of memory or descriptors, others get this long to give some back.
_PAUSE_SECONDS = 0.1

# A cgroup whose last process has ended is free a moment later.
_RETRY_SECONDS = 0.05

# A supervisor is given what it may need to end its interpreter; then the rest is killed from here.
_GRACE_SECONDS = 12.0
_KILL_SECONDS = 5.0


@dataclass(eq=False)
class Held:
    """A home and who uses it. `holder`: the connection whose end is the home's; None while it waits in the pool."""

    name: str
    home: Home
    holder: int | None = None
    waiting: int | None = None  # The supervisor, of those below, that nobody has entered yet.
    entered: int | None = None  # The one that was entered last.
    supervisors: dict[int, int] = field(default_factory=dict)  # pid -> control descriptor
    is_over: bool = False


class Server:
    """Serves `language` behind `walls` on a unix socket at `path` until SIGTERM, or until stdin ends as the silo is gone."""

    def __init__(self, language, walls, path: str, bounds: PoolBounds):
        self._language = language
        self._walls = walls
        self._path = path
        self._signals = processes.SignalPipe()
        self._names = 0
        self._held: dict[str, Held] = {}
        self._by_supervisor: dict[int, Held] = {}
        self._by_holder: dict[int, Held] = {}
        self._callers: dict[int, Caller] = {}
        self._removers: dict[int, Held] = {}
        self._unremoved: list[Home] = []
        self._pool = Pool(bounds, self._make_warm, self._give_up)
        self._listener: socket.socket | None = None
        self._poll = select.poll()
        self._paused_until: float | None = None
        self._stopping = False

    def run(self) -> None:
        # Whatever outlives its supervisor comes to us.
        processes.adopt_orphans()
        self._listener = _listen(self._path)
        for fd in (self._signals.fd, _STDIN, self._listener.fileno()):
            self._poll.register(fd, select.POLLIN)
        try:
            self._fill_pool()
            os.write(_STDOUT, b"ready\n")
            while not (self._stopping or self._signals.terminated):
                self._turn()
        finally:
            self._stop()

    def _turn(self) -> None:
        listener = self._listener.fileno()
        # Last of all who comes only now: it may rely on what others have asked for before.
        for fd, _ in sorted(self._poll.poll(self._milliseconds_to_wait()), key=lambda reported: reported[0] == listener):
            if fd == self._signals.fd:
                self._on_signal()
            elif fd == _STDIN:
                self._on_stdin()
            elif fd == listener:
                self._on_connection()
            elif fd in self._callers:
                self._on_caller(self._callers[fd])
            elif fd in self._by_holder:
                self._on_holder(fd)
        self._on_time()

    def _milliseconds_to_wait(self) -> float | None:
        now = time.monotonic()
        due = [caller.deadline - now for caller in self._callers.values()]
        if self._paused_until is not None:
            due.append(self._paused_until - now)
        if self._unremoved:
            due.append(_RETRY_SECONDS)
        if (seconds := self._pool.seconds_until_due()) is not None:
            due.append(seconds)
        # Rounded up: poll would otherwise return just before the time, again and again.
        return max(0.0, min(due)) * 1000 + 1 if due else None

    def _on_time(self) -> None:
        now = time.monotonic()
        if self._paused_until is not None and now >= self._paused_until:
            self._paused_until = None
            self._poll.register(self._listener.fileno(), select.POLLIN)
        for caller in [caller for caller in self._callers.values() if now >= caller.deadline]:
            self._forget_caller(caller)
            os.close(caller.fd)
        self._unremoved = [home for home in self._unremoved if not self._walls.remove_home(home)]
        try:
            self._pool.tend()
        except OSError as error:
            log(f"no interpreter for the pool: {error.strerror}")

    def _on_signal(self) -> None:
        self._signals.drain()
        for pid, _ in processes.reap():
            self._on_exit(pid)

    def _on_stdin(self) -> None:
        try:
            data = os.read(_STDIN, 4096)
        except OSError:
            data = b""
        self._stopping = not data

    # --- connections

    def _on_connection(self) -> None:
        try:
            accepted, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError:
            log("a connection could not be accepted")
            self._poll.unregister(self._listener.fileno())
            self._paused_until = time.monotonic() + _PAUSE_SECONDS
            return
        # A bare descriptor: no object in any of our children will ever close its number behind their back.
        caller = Caller(accepted.detach())
        os.set_blocking(caller.fd, False)
        self._callers[caller.fd] = caller
        self._poll.register(caller.fd, select.POLLIN)
        self._on_caller(caller)

    def _on_caller(self, caller: Caller) -> None:
        try:
            request = caller.read()
            if request is None:
                return
            self._forget_caller(caller)
            is_kept = self._serve(caller.fd, request)
        except FrameError as error:
            self._forget_caller(caller)
            chain.refuse(caller.fd, str(error))
            is_kept = False
        except OSError as error:
            self._forget_caller(caller)
            if not isinstance(error, ConnectionError):
                log(f"an interpreter could not be started: {error.strerror}")
                chain.refuse(caller.fd, f"no interpreter: {error.strerror}")
            is_kept = False
        if not is_kept:
            os.close(caller.fd)

    def _forget_caller(self, caller: Caller) -> None:
        if self._callers.pop(caller.fd, None) is not None:
            self._poll.unregister(caller.fd)

    def _serve(self, connection: int, request: dict) -> bool:
        """Whether the connection stays with us."""
        match request:
            case {"op": "open"}:
                self._open(connection)
                return True
            case {"op": "enter", "home": str(name)} if name in self._held:
                self._enter(connection, self._held[name])
                return False
            case {"op": "save" | "restore" as op, "home": str(name)}:
                self._attach(connection, self._held.get(name), PURPOSES[op])
                return False
        raise FrameError("host: first frame neither opens a home nor enters one")

    def _on_holder(self, fd: int) -> None:
        """A holder says nothing more: whatever comes is its end."""
        held = self._by_holder.pop(fd)
        self._poll.unregister(fd)
        os.close(fd)
        held.holder = None
        self._give_up(held)

    # --- homes

    def _open(self, connection: int) -> None:
        held = self._pool.take() or self._make_warm()
        os.write(connection, pack(json_bytes({"event": "home", "home": held.name})))
        held.holder = connection
        self._by_holder[connection] = held
        self._poll.register(connection, select.POLLIN)

    def _make_warm(self) -> Held:
        """A new home, and an interpreter that is getting ready in it."""
        self._names += 1
        held = Held(str(self._names), self._walls.open_home())
        self._held[held.name] = held
        try:
            held.waiting = self._start(held)
        except OSError:
            self._give_up(held)
            raise
        return held

    def _give_up(self, held: Held) -> None:
        """Ends all in it; it is removed when the last is gone."""
        held.is_over = True
        for control in held.supervisors.values():
            os.close(control)
        held.supervisors = dict.fromkeys(held.supervisors)
        if not held.supervisors:
            self._remove(held)

    def _remove(self, held: Held) -> None:
        del self._held[held.name]
        if not self._walls.removal_is_quick:
            self._remove_aside(held)
        elif not self._walls.remove_home(held.home):
            self._unremoved.append(held.home)

    def _remove_aside(self, held: Held) -> None:
        """In a child: a home of a million files must not keep others waiting for their interpreter."""
        try:
            pid = processes.fork()
        except OSError:
            self._unremoved.append(held.home)
            return
        if pid == 0:
            code = 1
            try:
                processes.reset_signals()
                code = 0 if self._walls.remove_home(held.home) else 1
            finally:
                os._exit(code)
        self._removers[pid] = held

    # --- interpreters

    def _enter(self, connection: int, held: Held) -> None:
        if held.is_over:
            raise FrameError("host: the home is gone")
        pid, held.waiting = held.waiting or self._start(held), None
        held.entered = pid
        send_connection(held.supervisors[pid], connection)

    def _attach(self, connection: int, held: Held | None, purpose: bytes) -> None:
        """Hands it to the interpreter that works there. Whoever is not served sees the end of the stream, and that is all."""
        control = held.supervisors.get(held.entered) if held is not None else None
        if control is None:
            return
        try:
            send_connection(control, connection, purpose)
        except OSError:
            pass

    def _start(self, held: Held) -> int:
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

    def _on_exit(self, pid: int) -> None:
        held = self._by_supervisor.pop(pid, None)
        if held is None:
            self._on_removed(pid)
            return
        control = held.supervisors.pop(pid)
        if control is not None:
            os.close(control)
        if not self._walls.dies_with_supervisor:
            self._kill_orphans()
        if held.waiting == pid:
            held.waiting = None
            self._pool.remove(held)
            if held.holder is None:
                held.is_over = True
        if held.is_over and not held.supervisors:
            self._remove(held)

    def _on_removed(self, pid: int) -> None:
        held = self._removers.pop(pid, None)
        if held is not None and os.path.lexists(held.home.path):
            self._unremoved.append(held.home)
            log("a home could not be removed")

    def _kill_orphans(self) -> None:
        for orphan in processes.descendants_of(os.getpid(), self._by_supervisor.keys() | self._removers.keys()):
            processes.kill(orphan, signal.SIGKILL)

    # --- the beginning and the end

    def _fill_pool(self) -> None:
        while len(self._pool) < self._pool.target:
            self._pool.tend()

    def _stop(self) -> None:
        self._listener.close()
        _unlink(self._path)
        self._pool.drain()
        for held in list(self._held.values()):
            if not held.is_over:
                self._give_up(held)
        deadline = time.monotonic() + _GRACE_SECONDS
        while (self._held or self._removers) and (left := deadline - time.monotonic()) > 0:
            self._signals.wait(left)
            for pid, _ in processes.reap():
                self._on_exit(pid)
        processes.kill_descendants(self._signals, _KILL_SECONDS, lambda pid, status: None)
        for home in [*(held.home for held in self._held.values()), *(held.home for held in self._removers.values()), *self._unremoved]:
            self._walls.remove_home(home)


def _listen(path: str) -> socket.socket:
    _unlink(path)
    listener = socket.socket(socket.AF_UNIX)
    previous = os.umask(0o177)
    try:
        listener.bind(path)
    finally:
        os.umask(previous)
    listener.listen(_BACKLOG)
    listener.setblocking(False)
    return listener


def _unlink(path: str) -> None:
    """A socket only: whatever else stands there is not ours."""
    try:
        if stat.S_ISSOCK(os.lstat(path).st_mode):
            os.unlink(path)
    except FileNotFoundError:
        pass
