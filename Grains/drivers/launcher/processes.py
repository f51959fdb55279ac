"""What the launcher and the supervisor need of Linux to own processes for good."""

import ctypes
import os
import select
import sys
import time
# The C module: the other one makes enums of all that goes in and out, which each new process would do for itself.
import _signal as signal

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

_ALL_SIGNALS = frozenset(signal.valid_signals())

# The process id of the first process of a pid namespace.
_FIRST = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def die_with_parent(parent: int, number: int) -> None:
    """Asks the kernel for signal `number` when our parent, process `parent`, ends; also when it just did."""
    _prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def adopt_orphans() -> None:
    """Descendants whose parent ends become our children instead of init's, so none can slip away."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def fork() -> int:
    """`os.fork` with all signals held back in the child until `reset_signals`: no handler of the parent runs there."""
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, _ALL_SIGNALS)
    child = None
    try:
        child = os.fork()
        return child
    finally:
        if child != 0:
            signal.pthread_sigmask(signal.SIG_SETMASK, previous)


def reset_signals(blocked=()) -> None:
    """In a new child: the dispositions of a fresh Python process, and only `blocked` held back."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


class SignalPipe:
    """Makes SIGCHLD and SIGTERM readable, for a poll loop. Main thread only."""

    def __init__(self):
        self.fd, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.terminated = False
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _ignore)
        if os.getpid() != _FIRST:
            # The first process of a namespace gets only the signals that it handles: those of user code shall not be any.
            signal.signal(signal.SIGTERM, self._terminate)

    def drain(self) -> None:
        try:
            os.read(self.fd, 4096)
        except BlockingIOError:
            pass

    def wait(self, seconds: float) -> None:
        """Until a signal arrives, at most `seconds`."""
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        poll.poll(max(0, seconds) * 1000)
        self.drain()

    def _terminate(self, number, frame):
        self.terminated = True


def _ignore(number, frame):
    pass


def reap() -> list[tuple[int, int]]:
    """(pid, wait status) of every child that has ended."""
    ended = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended.append((pid, status))


def has_dead_child() -> bool:
    """Leaves it to `reap`."""
    try:
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return False


def close_all_but(kept) -> None:
    """Every descriptor from 3 on that is not `kept`: what a child has inherited of its parent's business."""
    first = 3
    for fd in sorted(kept):
        os.closerange(first, fd)
        first = max(first, fd + 1)
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))


def let_go_of_standard_streams() -> None:
    """The launcher's stdin and stdout tell its silo how the launcher is; stderr stays, for our own words."""
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)


def children_of(pid: int) -> list[int]:
    """The children of all of its threads; none when the process is gone."""
    children = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return children
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                children += map(int, file.read().split())
        except OSError:
            continue
    return children


def descendants_of(pid: int, spared=()) -> list[int]:
    """Children, their children, and so on; the `spared` and what is below them left out."""
    found = []
    unvisited = [pid]
    while unvisited:
        for child in children_of(unvisited.pop()):
            if child not in spared:
                found.append(child)
                unvisited.append(child)
    return found


def kill(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def signal_descendants(number: int) -> None:
    """Every process below us; as the first of a pid namespace all others in it, at once."""
    own = os.getpid()
    if own == _FIRST:
        kill(-1, number)
        return
    for pid in descendants_of(own):
        kill(pid, number)


def kill_descendants(signals: SignalPipe, seconds: float, on_exit) -> bool:
    """Kills and reaps every descendant, again and again until none is left, for at most `seconds`.

    Works because we adopt orphans. `on_exit(pid, status)` hears of each child that ended; True when all are gone.
    """
    own = os.getpid()
    deadline = time.monotonic() + seconds
    while True:
        found = _kill_all_others() if own == _FIRST else _kill_below(own)
        for pid, status in reap():
            on_exit(pid, status)
        if not found:
            return True
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        # Each death is announced by SIGCHLD; the cap covers one that was announced before we looked.
        signals.wait(min(left, 0.02))


def _kill_below(own: int) -> bool:
    """Whether there was anybody."""
    found = descendants_of(own)
    for pid in found:
        kill(pid, signal.SIGKILL)
    return bool(found)


def _kill_all_others() -> bool:
    """As the first process of a pid namespace: all others in it, at once, however fast they fork."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def log(words: str) -> None:
    """Our own words only: nothing of a tenant's may get into a log."""
    sys.stderr.write(f"launcher[{os.getpid()}]: {words}\n")
    sys.stderr.flush()
