"""launcher -> supervisor -> driver: the two forks of an interpreter.

`prepare` makes everything that does not depend on who will use it, `assign` gives it to a connection. A pool of warm
chains is a `prepare` that happens earlier; the walls of the sandbox go up inside `prepare`.
"""

import os
import signal

from . import environment, processes
from .driver_pipes import DriverPipes
from .driver_process import DriverProcess
from .frames import json_bytes, pack
from .output import OutputStream
from .supervisor import Supervisor

# The keyboard of whoever started the launcher is none of ours; a driver lifts this when its handler stands.
_BLOCKED = {signal.SIGINT}

_DRIVER_FAILED = 70


class Chain:
    """A driver that waits for its first request, and the supervisor (this process) that will speak for it."""

    def __init__(self, language, signals: processes.SignalPipe, driver: DriverProcess, pipes: DriverPipes):
        self._language = language
        self._signals = signals
        self._driver = driver
        self._streams = [OutputStream("stdout", pipes.output[0]), OutputStream("stderr", pipes.errors[0])]

    def assign(self, connection: int) -> None:
        """Serves the connection, a socket's descriptor, until the interpreter has ended."""
        os.set_blocking(connection, False)
        Supervisor(connection, self._driver, self._streams, self._language.name, self._signals).run()


def prepare(language, home: str, launcher: int) -> Chain:
    """In a new child of the launcher, process `launcher`, which becomes the supervisor."""
    os.setsid()
    processes.reset_signals(_BLOCKED)
    signals = processes.SignalPipe()
    processes.adopt_orphans()
    # SIGTERM and not SIGKILL: a supervisor that loses its launcher still has to end what it started.
    processes.die_with_parent(launcher, signal.SIGTERM)
    _let_go_of_standard_streams()

    pipes = DriverPipes(language.has_doorbell)
    supervisor = os.getpid()
    pid = processes.fork()
    if pid == 0:
        _run_driver(language, home, pipes, supervisor)
    try:
        # Both sides do it, so that neither can be too late.
        os.setpgid(pid, pid)
    except OSError:
        pass
    pipes.keep_supervisor_side()
    driver = DriverProcess(pid, pipes, language.hard_signal, language.nudge_signal)
    return Chain(language, signals, driver, pipes)


def refuse(connection: int, detail: str) -> None:
    """Answers a connection that gets no interpreter. A new socket has room for that, so nothing waits here."""
    try:
        os.set_blocking(connection, False)
        os.write(connection, pack(json_bytes({"event": "ended", "reason": "protocol", "detail": detail})))
    except OSError:
        pass


def _run_driver(language, home: str, pipes: DriverPipes, supervisor: int) -> None:
    try:
        os.setpgid(0, 0)
        processes.reset_signals(_BLOCKED)
        processes.die_with_parent(supervisor, signal.SIGKILL)
        pipes.keep_driver_side(inheritable=language.has_doorbell)
        os.chdir(home)
        language.become_driver(environment.of_interpreter(home, language.environment))
    finally:
        os._exit(_DRIVER_FAILED)


def _let_go_of_standard_streams() -> None:
    """The launcher's stdin and stdout tell its silo how the launcher is; stderr stays, for our own words."""
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
