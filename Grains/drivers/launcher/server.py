"""The launcher's loop: a connection in, an interpreter out, and nothing left of it afterwards."""

import os
import select
import signal
import socket
import stat
import sys
import time

from . import chain, homes, processes

_BACKLOG = 128
_STDIN = 0
_STDOUT = 1

# When accept fails for want of memory or descriptors, others get this long to give some back.
_PAUSE_MILLISECONDS = 100

# A supervisor is given what it may need to end its interpreter; then the rest is killed from here.
_GRACE_SECONDS = 12.0
_KILL_SECONDS = 5.0


class Server:
    """Serves `language` on a unix socket at `path` until SIGTERM, or until stdin ends because the silo is gone."""

    def __init__(self, language, path: str, homes_directory: str):
        self._language = language
        self._path = path
        self._homes_directory = homes_directory
        self._signals = processes.SignalPipe()
        self._interpreters: dict[int, str] = {}  # supervisor's pid -> home
        self._removers: dict[int, str] = {}  # pid -> home
        self._unremoved: list[str] = []
        self._listener: socket.socket | None = None
        self._paused = False
        self._stopping = False

    def run(self) -> None:
        # Whatever outlives its supervisor comes to us.
        processes.adopt_orphans()
        self._listener = _listen(self._path)
        try:
            os.write(_STDOUT, b"ready\n")
            while not (self._stopping or self._signals.terminated):
                self._turn()
        finally:
            self._stop()

    def _turn(self) -> None:
        poll = select.poll()
        poll.register(self._signals.fd, select.POLLIN)
        poll.register(_STDIN, select.POLLIN)
        if not self._paused:
            poll.register(self._listener.fileno(), select.POLLIN)
        reported = {fd for fd, _ in poll.poll(_PAUSE_MILLISECONDS if self._paused else None)}
        self._paused = False
        if self._signals.fd in reported:
            self._on_signal()
        if _STDIN in reported:
            self._on_stdin()
        if self._listener.fileno() in reported:
            self._on_connection()

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

    # --- interpreters

    def _on_connection(self) -> None:
        try:
            accepted, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        except OSError:
            _log("a connection could not be accepted")
            self._paused = True
            return
        # A bare descriptor: no object in any of our children will ever close its number behind their back.
        connection = accepted.detach()
        try:
            self._start(connection)
        except OSError as error:
            _log("an interpreter could not be started")
            chain.refuse(connection, f"no interpreter: {os.strerror(error.errno or 0)}")
        finally:
            os.close(connection)

    def _start(self, connection: int) -> None:
        home = homes.create(self._homes_directory)
        launcher = os.getpid()
        try:
            pid = processes.fork()
        except OSError:
            os.rmdir(home)
            raise
        if pid == 0:
            self._run_interpreter(connection, home, launcher)
        self._interpreters[pid] = home

    def _run_interpreter(self, connection: int, home: str, launcher: int) -> None:
        """In the child; never returns."""
        try:
            self._signals.close()
            os.close(self._listener.detach())
            try:
                prepared = chain.prepare(self._language, home, launcher)
            except OSError as error:
                chain.refuse(connection, f"no interpreter: {os.strerror(error.errno or 0)}")
                raise
            prepared.assign(connection)
            os._exit(0)
        except BaseException as error:
            _log(f"a supervisor failed: {type(error).__name__}")
        finally:
            os._exit(1)

    def _on_exit(self, pid: int) -> None:
        home = self._interpreters.pop(pid, None)
        if home is not None:
            self._clean_up(home)
            return
        home = self._removers.pop(pid, None)
        if home is not None and os.path.lexists(home):
            self._unremoved.append(home)
            _log("a home could not be removed")

    def _clean_up(self, home: str) -> None:
        for orphan in processes.descendants_of(os.getpid(), self._interpreters.keys() | self._removers.keys()):
            processes.kill(orphan, signal.SIGKILL)
        try:
            os.rmdir(home)
        except OSError:
            self._remove_aside(home)

    def _remove_aside(self, home: str) -> None:
        """In a child: a home of a million files must not keep others waiting for their interpreter."""
        try:
            pid = processes.fork()
        except OSError:
            self._unremoved.append(home)
            return
        if pid == 0:
            try:
                processes.reset_signals()
                homes.remove(home)
            finally:
                os._exit(0)
        self._removers[pid] = home

    # --- the end

    def _stop(self) -> None:
        self._listener.close()
        _unlink(self._path)
        for pid in self._interpreters:
            processes.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_SECONDS
        while (self._interpreters or self._removers) and (left := deadline - time.monotonic()) > 0:
            self._signals.wait(left)
            for pid, _ in processes.reap():
                self._on_exit(pid)
        processes.kill_descendants(self._signals, _KILL_SECONDS, lambda pid, status: None)
        for home in [*self._interpreters.values(), *self._removers.values(), *self._unremoved]:
            homes.remove(home)
        # Whoever made these folders may be gone: a silo that crashed leaves nothing in the temporary folder.
        for directory in (self._homes_directory, os.path.dirname(self._path)):
            _remove_if_empty(directory)


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


def _remove_if_empty(directory: str) -> None:
    try:
        os.rmdir(directory)
    except OSError:
        pass


def _log(words: str) -> None:
    """Our own words only: nothing of a tenant's may get into a log."""
    sys.stderr.write(f"launcher[{os.getpid()}]: {words}\n")
    sys.stderr.flush()
