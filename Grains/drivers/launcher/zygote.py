"""A driver that is ready, and this launcher in it: each TypeScript driver is then a fork of the launcher, as a Python one is.

To start Bun is most of what a context would take (deploy/docs/decisions/0026). The launcher starts it in its own place, and Bun,
when it has become a driver, runs the launcher in itself, by libpython. No JavaScript runs there any more, only in the forks.
"""

import ctypes
import os
import re
import resource
import signal
import struct
import sys

from . import driver_pipes
from .own_memory import mappings

_MADV_DOFORK = 11
_EPOLL_CTL_ADD = 1
# struct epoll_event, which only x86-64 packs: the events, and what is to be returned with them.
_INTEREST = struct.Struct("=IQ" if os.uname().machine == "x86_64" else "=I4xQ")
# As the kernel shows what a descriptor of epoll waits for.
_SHOWN_INTEREST = re.compile(r"^tfd:\s*(\d+) events:\s*([0-9a-f]+) data:\s*([0-9a-f]+)", re.MULTILINE)

_libc = ctypes.CDLL(None, use_errno=True)


def find_library() -> str | None:
    """The library that is this Python; None where it is not installed."""
    name = f"libpython{sys.version_info.major}.{sys.version_info.minor}.so.1.0"
    try:
        ctypes.CDLL(name)
    except OSError:
        return None
    return name


def become(driver: list[str], environment: dict, data_bytes: int, library: str, launcher: list[str]) -> None:
    """Starts `driver` in our place. `launcher`: what it is to run, which gets the address of `Zygote` as its last argument.

    `environment`: the one that drivers shall have. `data_bytes`: what Bun may take; it reserves what it can get, and a context
    can use what is reserved. Never returns.
    """
    driver_pipes.hold_places()
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (data_bytes if most == resource.RLIM_INFINITY else min(data_bytes, most), most))
    os.execve(driver[0], [*driver, library, *launcher], environment)


class Zygote:
    """In the launcher that such a driver runs. `address`: of the function that makes a driver of a fork."""

    def __init__(self, address: int):
        self._go_on = ctypes.CFUNCTYPE(None)(address)
        self._eventfds: list[int] = []
        self._epolls: dict[int, list[tuple[int, bytes]]] = {}
        self._note_event_loop()
        # Bun has reserved what it could get; the launcher has no such limit.
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))

    def share_compiled_code(self) -> None:
        """Bun keeps it from being copied: without this its functions are missing in a fork."""
        for one in list(mappings()):
            if one.rights == "rwxp":
                _libc.madvise(ctypes.c_void_p(one.start), ctypes.c_size_t(one.end - one.start), ctypes.c_int(_MADV_DOFORK))

    def become_driver(self) -> None:
        """In a fork whose descriptors, but for those of the protocol, are closed. Never returns."""
        # As Bun found it. How it handles other signals is in place, and was never changed.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        self._make_event_loop()
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        self._go_on()
        raise RuntimeError("the driver has come back")

    # --- Bun's event loop: what it waits at, and what wakes it. Shared with other forks, each would take the others' events.

    # Before the launcher has any of its own.
    def _note_event_loop(self) -> None:
        for name in os.listdir("/proc/self/fd"):
            try:
                kind = os.readlink(f"/proc/self/fd/{name}")
            except OSError:
                continue  # It was for the listing.
            if kind == "anon_inode:[eventfd]":
                self._eventfds.append(int(name))
            elif kind == "anon_inode:[eventpoll]":
                with open(f"/proc/self/fdinfo/{name}", encoding="ascii") as file:
                    shown = _SHOWN_INTEREST.findall(file.read())
                self._epolls[int(name)] = [(int(fd), _INTEREST.pack(int(events, 16), int(data, 16))) for fd, events, data in shown]

    def _make_event_loop(self) -> None:
        for number in self._eventfds:
            _place(os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK), number)
        for number, interests in self._epolls.items():
            _place(_checked(_libc.epoll_create1(os.O_CLOEXEC)), number)
            for fd, interest in interests:
                _checked(_libc.epoll_ctl(number, _EPOLL_CTL_ADD, fd, interest))


def _place(fd: int, number: int) -> None:
    if fd != number:
        os.dup2(fd, number, inheritable=False)
        os.close(fd)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "epoll")
    return result
