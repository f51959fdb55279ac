"""Landlock: a second opinion on files, and, where the kernel can, on signals, abstract sockets and TCP."""

import os
import stat
import struct

from . import linux

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL_DEVICE = 1 << 14, 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE

# What each version of the kernel's interface knows of files; a right it does not know may not be named.
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_FILE_RIGHTS_FROM_5 = (1 << 16) - 1
_BIND_TCP_AND_CONNECT_TCP = 0b11
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
_VERSION_WITH_TCP = 4
_VERSION_WITH_SCOPES = 6


def restrict(readable: list[str], writable: list[str], without_tcp: bool) -> None:
    """This process and its children may read below `readable`, do all below `writable`, and signal only each other.

    Paths that do not exist are left out. A path has to be the root of a mount, or not be below one that is mounted on it.
    """
    version = linux.landlock_version()
    if version == 0:
        raise OSError("the kernel has no Landlock")
    files = _FILE_RIGHTS.get(version, _FILE_RIGHTS_FROM_5)
    attributes = struct.pack("=Q", files)
    if version >= _VERSION_WITH_TCP:
        attributes += struct.pack("=Q", _BIND_TCP_AND_CONNECT_TCP if without_tcp else 0)
    if version >= _VERSION_WITH_SCOPES:
        attributes += struct.pack("=Q", _SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS)
    ruleset = linux.landlock_ruleset(attributes)
    try:
        for path in readable:
            _allow(ruleset, path, _READ)
        for path in writable:
            _allow(ruleset, path, files)
        linux.landlock_restrict_self(ruleset)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            access &= _OF_FILES
        linux.landlock_allow_beneath(ruleset, access, fd)
    finally:
        os.close(fd)
