"""A copy of this process that does something with what it has, while the session goes on."""

import ctypes
import platform
from _signal import SIG_BLOCK, SIG_IGN, SIG_SETMASK, SIGALRM, SIGCONT, SIGINT, pthread_sigmask, signal, valid_signals
from _socket import MSG_DONTWAIT
from fcntl import F_GETFD, fcntl
from functools import partial
from gc import disable as disable_collector
from itertools import chain, filterfalse
from mmap import mmap
from operator import methodcaller
from os import O_CLOEXEC, O_RDWR, O_WRONLY, _exit, close, dup2, listdir, open as open_file, sysconf, write
from struct import Struct
from sys import setrecursionlimit
from time import monotonic

from sandbox_launcher.checkpoints.attachments import TAKEN
from sandbox_launcher.checkpoints.room import ADMISSION_SECONDS
from sandbox_launcher.driver_pipes import ATTACHMENTS

# Our parent becomes the copy's: it is the one that waits for it, so user code never sees a child that it did not start.
_CLONE_PARENT, _CLONE_PARENT_SETTID = 0x00008000, 0x00100000
_SYS_CLONE = {"x86_64": 56, "aarch64": 220}[platform.machine()]

_TIME = Struct("d")

_FAILED = 1
_MOST_DESCRIPTORS = 4096
_FIRST_TO_DIE = b"1000"

# Objects of the session nest as deep as its own limit allows, which nobody can tell from here; the stack holds this much.
_RECURSION_LIMIT = 10_000

# Of the kernel and the C library themselves: `os.fork` would call what user code has registered, in the session. They keep
# the lock of the interpreter, so that no other thread can be in the middle of anything of Python's.
_library = ctypes.PyDLL(None)
_clone, _dup2, _send, _setsid, _sigtimedwait = _library.syscall, _library.dup2, _library.send, _library.setsid, _library.sigtimedwait
_clone.restype = ctypes.c_long
_library.sigaddset(_ADMISSION := (ctypes.c_ulong * 16)(), SIGCONT)
# struct timespec: seconds, and nanoseconds.
_ADMISSION_TIME = (ctypes.c_long * 2)(ADMISSION_SECONDS, 0)
_after_fork = ctypes.pythonapi.PyOS_AfterFork_Child
_call = methodcaller("__call__")

_ALL = frozenset(valid_signals())
_ALL_BUT_THE_CLOCK = _ALL - {SIGALRM}


def start(work, kept: int) -> bool:
    """Runs `work(kept, pause)` in a copy, which then ends; False when there can be none. It tells the supervisor of itself.

    `kept`: the one descriptor that it needs. Nothing else of the session is shared with it: neither descriptors, nor
    output, nor signals of its group. `pause`: tells for how long the session stood still, in milliseconds.
    """
    try:
        null = open_file("/dev/null", O_RDWR | O_CLOEXEC)
    except OSError:
        return False  # No descriptor is left.
    try:
        # Both have it: when the kernel lets the copy begin says nothing about the session.
        gone_on = mmap(-1, _TIME.size)
    except OSError:
        close(null)
        return False  # No mapping is left.
    previous = pthread_sigmask(SIG_BLOCK, _ALL)
    is_copy, begun = False, monotonic()
    try:
        is_copy, child = _fork([*(partial(_dup2, null, fd) for fd in range(ATTACHMENTS)),
                                _setsid,
                                partial(_send, ATTACHMENTS, TAKEN, len(TAKEN), MSG_DONTWAIT),
                                partial(_sigtimedwait, _ADMISSION, None, ctypes.byref(_ADMISSION_TIME))])
        if is_copy:
            _run(partial(work, pause=partial(_pause, begun, gone_on)), kept, null)
        _TIME.pack_into(gone_on, 0, monotonic())
        return child > 0
    finally:
        if is_copy:
            _exit(_FAILED)
        close(null)
        gone_on.close()
        try:
            pthread_sigmask(SIG_SETMASK, previous)
        except BaseException:
            pass  # Of a handler of user code's that had to wait for the copy: it is raised in nobody's code.


def _pause(begun: float, gone_on: mmap) -> float:
    """In the copy. The session may not even have gone on yet."""
    end, = _TIME.unpack_from(gone_on)
    return round(((end or monotonic()) - begun) * 1000, 1)


def _fork(first_steps: list) -> tuple[bool, int]:
    """Whether this is the copy, and its process id (0: there is none). The copy begins with `first_steps`.

    All in one call into C. Between two instructions of Python, a copy of ours would give up the lock of the interpreter for a
    thread that asked for it, and wait for it for ever: that thread is not here. And before hooks of user code hear of the
    fork, their output must be nobody's, the supervisor must know whom to end if they never return, and whatever they start must be
    where it ends with the copy.
    """
    child = ctypes.c_int(0)
    steps = [*first_steps, _after_fork]
    flags = _CLONE_PARENT | _CLONE_PARENT_SETTID
    fork = partial(_clone, ctypes.c_long(_SYS_CLONE), ctypes.c_long(flags), ctypes.c_long(0), ctypes.byref(child), ctypes.c_long(0))
    # In the copy `fork` returns 0: then, and only then, the one argument goes on, and becomes the list of steps.
    taken = list(map(_call, chain.from_iterable(map([steps].__getitem__, filterfalse(fork, [0])))))
    return bool(taken), child.value


def _run(work, kept: int, null: int) -> None:
    code = _FAILED
    try:
        # What is held back from here on would be for the session; the copy is ended by SIGKILL.
        signal(SIGINT, SIG_IGN)
        _die_first()
        # Whoever waits for the end of one shall not wait for us. Their numbers stay taken: objects will close what they
        # believe is theirs.
        for fd in _open_descriptors():
            if fd not in (kept, null):
                dup2(null, fd)
        # A collection would copy every page, and run finalizers that are the session's to run.
        disable_collector()
        setrecursionlimit(_RECURSION_LIMIT)
        pthread_sigmask(SIG_SETMASK, _ALL_BUT_THE_CLOCK)
        work(kept)
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
