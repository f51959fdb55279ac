"""The launcher's loop: connections in, homes and interpreters out, and nothing left of them afterwards."""

import os
import select
import socket
import stat
import struct
import time

from . import chain, processes
from .frames import FrameError, json_bytes, pack
from .handover import PURPOSES
from .homes import HeldHome, Homes
from .lease import Lease
from .pool import Pool, PoolBounds
from .processes import log
from .reception import Caller
from .rooms import Rooms

_BACKLOG = 512
_STDIN = 0
_STDOUT = 1

# When accept fails for want of memory or descriptors, others get this long to give some back.
_PAUSE_SECONDS = 0.1

# A supervisor is given what it may need to end its interpreter; then the rest is killed from here. The outer wall and
# the silo wait longer than both.
_GRACE_SECONDS = 12.0
_KILL_SECONDS = 3.0

_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


class Server:
    """Serves `language` behind `walls` on a unix socket at `path` until SIGTERM, or until stdin ends as the silo is gone."""

    def __init__(self, language, walls, path: str, bounds: PoolBounds, lease: Lease):
        self._path = path
        self._silo = os.getppid()
        self._lease = lease
        self._signals = processes.SignalPipe()
        self._rooms = Rooms(walls)
        self._homes = Homes(language, walls, self._rooms)
        self._pool = Pool(bounds, self._homes.make, self._homes.give_up)
        self._by_holder: dict[int, HeldHome] = {}
        self._callers: dict[int, Caller] = {}
        self._listener: socket.socket | None = None
        self._poll = select.poll()
        self._paused_until: float | None = None
        self._stopping = False

    def run(self) -> None:
        # Whatever outlives its supervisor comes to us.
        processes.adopt_orphans()
        self._listener = _listen(self._path)
        for fd in (self._signals.fd, _STDIN, self._rooms.fd, self._listener.fileno()):
            self._poll.register(fd, select.POLLIN)
        try:
            self._fill_pool()
            os.write(_STDOUT, b"ready\n")
            os.set_blocking(_STDOUT, False)
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
            elif fd == self._rooms.fd:
                self._rooms.on_returned()
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
        clocks = (self._homes, self._rooms, self._pool, self._lease)
        due += [seconds for clock in clocks if (seconds := clock.seconds_until_due()) is not None]
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
        self._homes.tend()
        self._rooms.tend()
        self._tend_pool()
        if self._lease.end_if_due():
            log("the silo is silent: its contexts are halted")
            self._homes.halt()

    def _tend_pool(self) -> None:
        try:
            self._pool.tend()
        except OSError as error:
            log(f"no interpreter for the pool: {error.strerror}")

    def _on_signal(self) -> None:
        self._signals.drain()
        for pid, _ in processes.reap():
            ended_while_it_waited = self._homes.on_exit(pid)
            if ended_while_it_waited is not None:
                self._pool.remove(ended_while_it_waited)

    def _on_stdin(self) -> None:
        try:
            data = os.read(_STDIN, 4096)
        except OSError:
            data = b""
        self._stopping = not data
        if data:
            self._say_how_many_wait()
        if data and self._lease.renew():
            log("the silo speaks again: its contexts go on")
            self._homes.go_on()

    def _say_how_many_wait(self) -> None:
        """For its metrics. A silo that does not read them keeps nobody waiting."""
        try:
            os.write(_STDOUT, b"waiting %d\n" % len(self._pool))
        except OSError:
            pass

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
        if not self._is_silo(accepted):
            log("somebody else than the silo has connected, and was not let in")
            accepted.close()
            return
        # A bare descriptor: no object in any of our children will ever close its number behind their back.
        caller = Caller(accepted.detach())
        os.set_blocking(caller.fd, False)
        self._callers[caller.fd] = caller
        self._poll.register(caller.fd, select.POLLIN)
        self._on_caller(caller)

    def _is_silo(self, connection: socket.socket) -> bool:
        """User code of the tier reduced can reach the socket, and may be of the same user. 0: outside of our pid namespace."""
        pid, _, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
        return pid in (0, self._silo)

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
            case {"op": "enter", "home": str(name)} if (held := self._homes.find(name)) is not None:
                self._homes.enter(held, connection)
                return False
            case {"op": "save" | "restore" as op, "home": str(name)}:
                self._homes.attach(self._homes.find(name), connection, PURPOSES[op])
                return False
            case {"op": "files", "home": str(name)}:
                self._homes.serve_files(self._homes.find(name), connection)
                return False
        raise FrameError("host: first frame of an unknown op, or for a home that is gone")

    def _on_holder(self, fd: int) -> None:
        """A holder says nothing more: whatever comes is its end."""
        held = self._by_holder.pop(fd)
        self._poll.unregister(fd)
        os.close(fd)
        held.holder = None
        self._homes.give_up(held)

    def _open(self, connection: int) -> None:
        waiting = self._pool.take()
        held = waiting or self._homes.make()
        try:
            os.write(connection, pack(json_bytes({"event": "home", "home": held.name, "warm": waiting is not None})))
        except OSError:
            # Whoever asked for it is gone already.
            self._homes.give_up(held)
            raise
        held.holder = connection
        self._by_holder[connection] = held
        self._poll.register(connection, select.POLLIN)

    # --- the beginning and the end

    def _fill_pool(self) -> None:
        for _ in range(self._pool.target):
            self._tend_pool()

    def _stop(self) -> None:
        self._listener.close()
        _unlink(self._path)
        self._pool.drain()
        self._homes.end_all(self._signals, _GRACE_SECONDS, _KILL_SECONDS)


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
