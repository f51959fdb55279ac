"""Limits that the kernel keeps for all processes of a context together: cgroup v2 where it was delegated, v1 otherwise."""

import errno
import os
import signal

from . import linux
from .limits import Limits

# What a context is limited by, in both versions.
CONTROLLERS = ("memory", "pids", "cpu")
_V2 = "unified"
_MEMBERS = "cgroup.procs"
# Who has used up its share waits for the end of the period, which the kernel would make a hundred milliseconds: as long may a session
# stand still that computes in several threads.
_PERIOD_MICROSECONDS = 10_000
# The kernel takes no less.
_LEAST_QUOTA_MICROSECONDS = 1_000


class Cgroups:
    """Below `directory`: a directory a v1 controller, or `unified`, each of which may hold groups of ours."""

    def __init__(self, directory: str):
        self._is_v2 = os.path.isdir(os.path.join(directory, _V2))
        names = (_V2,) if self._is_v2 else CONTROLLERS
        self._roots = {name: os.path.join(directory, name) for name in names}

    def create(self, name: str, limits: Limits) -> "Group":
        group = Group({kind: os.path.join(root, name) for kind, root in self._roots.items()}, self._is_v2)
        try:
            group.make(limits)
        except OSError:
            group.remove()
            raise
        return group


class Group:
    """The cgroup of one context, or of its room (`launcher/rooms.py`)."""

    def __init__(self, paths: dict[str, str], is_v2: bool):
        self._paths = paths
        self._is_v2 = is_v2

    def make(self, limits: Limits) -> None:
        for path in self._paths.values():
            os.mkdir(path, 0o700)
        for name, value in _files(limits, self._is_v2):
            linux.write(self._file(name), str(value))
        self._let_idle_time_be_used(limits)

    def joins(self) -> list[int]:
        """Descriptors; a process of one thread that writes `0` to each of them is in. They work where no cgroup can be seen."""
        # A thread that moves itself needs none of the locks of a process that is moved, for which every fork of the machine waits.
        name = "cgroup.procs" if self._is_v2 else "tasks"
        return [os.open(os.path.join(path, name), os.O_WRONLY | os.O_CLOEXEC) for path in self._paths.values()]

    def admissions(self, descriptors: list[int]) -> None:
        """Adds descriptors; whoever writes the number of a process to each of them moves it in."""
        # Its processes first: whoever is in it at all is among those that `end_members` can keep from forking.
        for _, path in sorted(self._paths.items(), key=lambda item: item[0] != "pids"):
            descriptors.append(os.open(os.path.join(path, _MEMBERS), os.O_WRONLY | os.O_CLOEXEC))

    def open_kill_count(self) -> int:
        """A descriptor for `kill_count`."""
        name = "memory.events" if self._is_v2 else "memory.oom_control"
        return os.open(self._file(name), os.O_RDONLY | os.O_CLOEXEC)

    def limit_processes(self, number: int) -> None:
        linux.write(self._file("pids.max"), str(number))

    def end_members(self) -> bool:
        """Kills every process in it, and lets none of them fork any more. True when nobody was left."""
        self.limit_processes(0)
        found = [_kill_members(os.path.join(path, _MEMBERS)) for path in self._paths.values()]
        return not any(found)

    def remove(self) -> bool:
        """True when it is gone. A group that is still dying cannot be removed yet."""
        gone = True
        for path in self._paths.values():
            try:
                os.rmdir(path)
            except FileNotFoundError:
                pass
            except OSError as error:
                if error.errno != errno.EBUSY:
                    raise
                gone = False
        return gone

    def _let_idle_time_be_used(self, limits: Limits) -> None:
        """Who was idle may take as much again as its share at once, from Linux 5.14 on: threads of a runtime work in bursts."""
        path = self._file("cpu.max.burst" if self._is_v2 else "cpu.cfs_burst_us")
        if os.path.exists(path):
            quota, _ = _processor_time(limits.cpu_percent)
            linux.write(path, str(quota))

    def _file(self, name: str) -> str:
        kind = _V2 if self._is_v2 else name.partition(".")[0]
        return os.path.join(self._paths[kind], name)


def kill_count(fd: int) -> int:
    """How many processes the kernel has ended for want of memory in the group of this descriptor."""
    for line in os.pread(fd, 4096, 0).splitlines():
        name, _, value = line.partition(b" ")
        if name == b"oom_kill":
            return int(value)
    return 0


def join(descriptors: list[int]) -> None:
    for fd in descriptors:
        os.write(fd, b"0")


def _kill_members(path: str) -> bool:
    """Whether there were any."""
    processes = {}
    try:
        for pid in _members(path):
            try:
                processes[pid] = os.pidfd_open(pid)
            except ProcessLookupError:
                pass
        # One may have ended before it was opened, and its number be another's. In version 1 only a new look shows that.
        for pid in processes.keys() & set(_members(path)):
            try:
                signal.pidfd_send_signal(processes[pid], signal.SIGKILL)
            except ProcessLookupError:
                pass
    finally:
        for process in processes.values():
            os.close(process)
    return bool(processes)


def _members(path: str) -> list[int]:
    with open(path, "rb") as file:
        return [int(line) for line in file.read().split()]


def _files(limits: Limits, is_v2: bool):
    quota, period = _processor_time(limits.cpu_percent)
    if is_v2:
        yield "memory.max", limits.memory_bytes
        yield "memory.swap.max", 0
        yield "pids.max", limits.processes
        yield "cpu.max", f"{quota} {period}"
    else:
        yield "memory.limit_in_bytes", limits.memory_bytes
        yield "memory.swappiness", 0
        yield "pids.max", limits.processes
        yield "cpu.cfs_period_us", period
        yield "cpu.cfs_quota_us", quota


def _processor_time(percent: int) -> tuple[int, int]:
    """How much of which period, in microseconds."""
    quota = max(percent * _PERIOD_MICROSECONDS // 100, _LEAST_QUOTA_MICROSECONDS)
    return quota, quota * 100 // percent
