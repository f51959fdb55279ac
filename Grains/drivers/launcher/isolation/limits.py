"""What one context may use."""

import argparse
import os
import resource
from dataclasses import dataclass, fields

# Below the memory limit by this share, so that a program that grows step by step is told by its own runtime, and lives,
# before the kernel ends it.
_RESERVE = 8

# Above what user code may have, for the driver that has to say so.
_DRIVER_BYTES = 16 << 20
_OPEN_FILES = 1024
_LOCKED_BYTES = 64 * 1024


@dataclass(frozen=True)
class Limits:
    """`memory_bytes` for everything, `file_bytes` of it in files; `files` and directories; `cpu_percent` of one core."""

    memory_bytes: int = 512 << 20
    file_bytes: int = 256 << 20
    files: int = 65536
    cpu_percent: int = 100
    processes: int = 128

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        for field in fields(cls):
            parser.add_argument(_option(field.name), type=int, default=field.default)

    @classmethod
    def of_arguments(cls, arguments: argparse.Namespace) -> "Limits":
        return cls(**{field.name: getattr(arguments, field.name) for field in fields(cls)})

    def to_arguments(self) -> list[str]:
        return [part for field in fields(self) for part in (_option(field.name), str(getattr(self, field.name)))]


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def apply_resource_limits(limits: Limits, runtime_bytes: int) -> None:
    """The last line behind a cgroup, and the only one where there is none. For this process and each of its children.

    `runtime_bytes`: address space for data that the runtime needs beyond what it uses.
    """
    data = data_limit(limits, runtime_bytes)
    resource.setrlimit(resource.RLIMIT_DATA, (data, data + _DRIVER_BYTES))
    for kind, limit in {
        resource.RLIMIT_CORE: 0,
        # The wall of files is their file system; this is for those that lie in none, as memfd_create makes them.
        resource.RLIMIT_FSIZE: 2 * limits.file_bytes,
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_MEMLOCK: _LOCKED_BYTES,
        # POSIX queues and pending signals live in kernel memory.
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: 1024,
    }.items():
        resource.setrlimit(kind, (limit, limit))


def data_limit(limits: Limits, runtime_bytes: int) -> int:
    """RLIMIT_DATA, in bytes, of this process or of the runtime that it becomes by an exec. `runtime_bytes`: as above."""
    return limits.memory_bytes - limits.memory_bytes // _RESERVE + _data_bytes() + runtime_bytes


def _data_bytes() -> int:
    """What this process has inherited from the launcher already: it is shared, and not the context's to pay for."""
    fd = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _, found, value = os.read(fd, 65536).partition(b"VmData:")
    finally:
        os.close(fd)
    if not found:
        raise OSError("no VmData in /proc/self/status")
    return int(value.split(None, 1)[0]) * 1024
