"""launcher -> supervisor -> driver: the two forks of an interpreter.

Everything that does not depend on who will use it happens first; then the supervisor waits for a connection. That is what
makes a chain in the pool warm.
"""

import os
import select
import signal

from . import environment, processes
from .driver_pipes import DriverPipes
from .driver_process import DriverProcess
from .frames import json_bytes, pack
from .handover import HALT, receive
from .output import OutputStream
from .supervisor import Supervisor

# The keyboard of whoever started the launcher is none of ours; a driver lifts this when its handler stands.
_BLOCKED = {signal.SIGINT}

_DRIVER_FAILED = 70
_SUPERVISOR_FAILED = 1

# How long a chain that could not be made waits for the connection that it then refuses.
_REFUSAL_SECONDS = 5.0


def run(language, walls, home, control: int) -> None:
    """In a child that `walls.fork` made, which becomes the supervisor. Never returns.

    `control`: a socket that yields the host's connection, and whose end means that the launcher wants us to end.
    """
    code = _SUPERVISOR_FAILED
    try:
        os.setsid()
        processes.reset_signals(_BLOCKED)
        signals = processes.SignalPipe()
        processes.let_go_of_standard_streams()
        try:
            driver, streams = _prepare(language, walls, home)
        except OSError as error:
            _refuse_next(control, f"no interpreter: {error.strerror}")
            raise
        connection = _await_connection(control, signals, driver)
        if connection is not None:
            Supervisor(connection, control, driver, streams, language.name, signals).run()
        code = 0
    except BaseException as error:
        processes.log(f"a supervisor failed: {type(error).__name__}: {_words_of(error)}")
    finally:
        os._exit(code)


def refuse(connection: int, detail: str) -> None:
    """Answers a connection that gets no interpreter. A new socket has room for that, so nothing waits here."""
    try:
        os.set_blocking(connection, False)
        os.write(connection, pack(json_bytes({"event": "ended", "reason": "protocol", "detail": detail})))
    except OSError:
        pass


def _prepare(language, walls, home) -> tuple[DriverProcess, list[OutputStream]]:
    places = walls.surround(home)
    pipes = DriverPipes(language.has_doorbell)
    supervisor = os.getpid()
    pid = processes.fork()
    if pid == 0:
        _run_driver(language, walls, home, places, pipes, supervisor)
    try:
        # Both sides do it, so that neither can be too late.
        os.setpgid(pid, pid)
    except OSError:
        pass
    walls.settle()
    pipes.keep_supervisor_side()
    driver = DriverProcess(pid, pipes, language.hard_signal, language.nudge_signal, home.kill_count)
    return driver, [OutputStream("stdout", pipes.output[0]), OutputStream("stderr", pipes.errors[0])]


def _run_driver(language, walls, home, places: environment.Places, pipes: DriverPipes, supervisor: int) -> None:
    try:
        os.setpgid(0, 0)
        processes.reset_signals(_BLOCKED)
        walls.join(home)
        walls.enclose(home, language.runtime_bytes)
        # Until here what goes wrong is ours to log; from here on stderr is the user's.
        pipes.keep_driver_side(inheritable=language.has_doorbell)
        processes.die_with_parent(supervisor, signal.SIGKILL)
        os.chdir(places.home)
        language.become_driver(environment.of_interpreter(places, language.environment))
    except BaseException as error:
        processes.log(f"a driver could not be started: {type(error).__name__}: {_words_of(error)}")
    finally:
        os._exit(_DRIVER_FAILED)


def _await_connection(control: int, signals: processes.SignalPipe, driver: DriverProcess) -> int | None:
    """None when the launcher wants us to end. Raises ChildProcessError when the driver has ended before it was needed.

    The connection may come with the word that no code may run now, which is then the first thing to be said.
    """
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(signals.fd, select.POLLIN)
    while True:
        reported = [fd for fd, _ in poll.poll()]
        if control in reported:
            handed = receive(control)
            if handed is None or handed.connection is not None:
                return handed and handed.connection
            if handed.word == HALT:
                driver.halt()
            continue
        signals.drain()
        if processes.has_dead_child():
            raise ChildProcessError(0, "the driver ended before it was needed")


def _refuse_next(control: int, detail: str) -> None:
    poll = select.poll()
    poll.register(control, select.POLLIN)
    if poll.poll(_REFUSAL_SECONDS * 1000):
        handed = receive(control)
        # Perhaps only a word.
        if handed is not None and handed.connection is not None:
            refuse(handed.connection, detail)


def _words_of(error: BaseException) -> str:
    return error.strerror or "" if isinstance(error, OSError) else ""
