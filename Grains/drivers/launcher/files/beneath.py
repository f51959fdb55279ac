"""Paths of the home, which a tenant has named: nothing that they say leads out of it, or through a symbolic link."""

import os

from ..isolation import linux

MAX_PATH_BYTES = 4095
MAX_NAME_BYTES = 255


def parts_of(path: bytes) -> list[bytes]:
    """The names on the way; none for the home itself. Raises ValueError for what is no plain path."""
    if len(path) > MAX_PATH_BYTES:
        raise ValueError("a path that is too long")
    parts = path.split(b"/") if path else []
    for part in parts:
        if part in (b"", b".", b"..") or b"\0" in part or len(part) > MAX_NAME_BYTES:
            raise ValueError("a path with a part that is no name")
    return parts


def open_home(path: str) -> int:
    return os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def find(directory: int, parts: list[bytes], flags: int = 0) -> int:
    """A descriptor that names what is there, and opens nothing: a pipe does not notice, a device is not touched."""
    return linux.open_beneath(directory, b"/".join(parts) or b".", os.O_PATH | os.O_CLOEXEC | flags)


def find_directory(directory: int, part: bytes) -> int:
    return find(directory, [part], os.O_DIRECTORY)


def reopen(found: int, flags: int) -> int:
    """The very thing that was found, whatever its name leads to meanwhile."""
    return os.open(f"/proc/self/fd/{found}", flags | os.O_CLOEXEC)
