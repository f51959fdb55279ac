"""A copy of this process that does something with what it has, while the session goes on."""

import ctypes
import platform
from _signal import SIG_BLOCK, SIG_IGN, SIG_SETMASK, SIGALRM, SIGINT, pthread_sigmask, signal, valid_signals
from fcntl import F_GETFD, fcntl
from gc import disable as disable_collector
from os import O_CLOEXEC, O_RDWR, O_WRONLY, _exit, close, dup2, listdir, open as open_file, setsid, sysconf, write
from sys import setrecursionlimit

# Our parent becomes the copy's: it is the one that waits for it, so user code never sees a child that it did not start.
_CLONE_PARENT = 0x00008000
_SYS_CLONE = {"x86_64": 56, "aarch64": 220}[platform.machine()]

_FAILED = 1
_MOST_DESCRIPTORS = 4096
_FIRST_TO_DIE = b"1000"

# Objects of the session nest as deep as its own limit allows, which nobody can tell from here; the stack holds this much.
_RECURSION_LIMIT = 10_000

# Of the kernel and the C library themselves: `os.fork` would call what user code has registered, in the session. With the
# lock of the interpreter held, so that no other thread can be in the middle of anything of Python's.
_library = ctypes.PyDLL(None, use_errno=True)
_clone = _library.syscall
_clone.restype = ctypes.c_long
_clone_arguments = [ctypes.c_long(value) for value in (_SYS_CLONE, _CLONE_PARENT, 0, 0, 0, 0)]
_after_fork = ctypes.pythonapi.PyOS_AfterFork_Child

_ALL = frozenset(valid_signals())
_ALL_BUT_THE_CLOCK = _ALL - {SIGALRM}


def start(work, kept: int) -> bool:
    """Runs `work` in a copy, which then ends: its `begin()` before anything has been told of the fork, its `run(kept)` after; False when there can be none. `kept`: the descriptor that it needs.

    Nothing of the session is shared with the copy: neither descriptors, nor output, nor signals of its group.
    """
    previous = pthread_sigmask(SIG_BLOCK, _ALL)
    child = -1
    try:
        child = _clone(*_clone_arguments)
        if child == 0:
            _run(work, kept)
    finally:
        if child == 0:
            _exit(_FAILED)
        pthread_sigmask(SIG_SETMASK, previous)
    return child > 0


def _run(work, kept: int) -> None:
    code = _FAILED
    try:
        # What is held back from here on would be for the session; the copy is ended by SIGKILL.
        signal(SIGINT, SIG_IGN)
        setsid()
        _die_first()
        work.begin()
        _let_go_of_descriptors(kept)
        # A collection would copy every page, and run finalizers that are the session's to run.
        disable_collector()
        _after_fork()
        setrecursionlimit(_RECURSION_LIMIT)
        pthread_sigmask(SIG_SETMASK, _ALL_BUT_THE_CLOCK)
        work.run(kept)
        code = 0
    finally:
        _exit(code)


def _die_first() -> None:
    """When memory runs out, of all processes of the context."""
    try:
        fd = open_file("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
    except OSError:
        return  # A tier whose walls leave it no /proc of its own; nothing counts its memory there.
    try:
        write(fd, _FIRST_TO_DIE)
    finally:
        close(fd)


def _let_go_of_descriptors(kept: int) -> None:
    """Whoever waits for the end of one shall not wait for us. Numbers stay taken: objects will close what they believe is theirs."""
    null = open_file("/dev/null", O_RDWR | O_CLOEXEC)
    for fd in _open_descriptors():
        if fd not in (kept, null):
            dup2(null, fd)


def _open_descriptors() -> list[int]:
    try:
        candidates = map(int, listdir("/proc/self/fd"))
    except OSError:
        # Walls without a /proc of its own.
        candidates = range(min(sysconf("SC_OPEN_MAX"), _MOST_DESCRIPTORS))
    return [fd for fd in candidates if _is_open(fd)]


def _is_open(fd: int) -> bool:
    try:
        fcntl(fd, F_GETFD)
    except OSError:
        return False
    return True
