"""What is in a file, and what is in a directory."""

import os
import stat

from .beneath import find, reopen
from .channel import MAX_CHUNK_BYTES
from .failures import KIND, MISSING, Failed

_TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink"}
_ENTRIES_AT_ONCE = 500

# The years 1 to 9999: what else a file may have as its time is nobody's calendar.
_EARLIEST_MS, _LATEST_MS = -62_135_596_800_000, 253_402_300_799_999


def read(channel, home: int, parts: list[bytes]) -> None:
    try:
        found = find(home, parts)
    except NotADirectoryError:
        raise Failed(MISSING) from None
    status = os.fstat(found)
    if stat.S_ISREG(status.st_mode):
        _send_file(channel, reopen(found, os.O_RDONLY | os.O_NONBLOCK))
    elif stat.S_ISDIR(status.st_mode):
        _send_directory(channel, os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=found))
    else:
        raise Failed(KIND)


def _send_file(channel, file: int) -> None:
    """Until the host has had enough and hangs up."""
    status = os.fstat(file)
    channel.answer("file", size=status.st_size, modified_ms=_modified(status))
    while True:
        match channel.request():
            case {"op": "send", "offset": int(offset), "length": int(length)} if offset >= 0 and 0 < length <= MAX_CHUNK_BYTES:
                channel.answer_chunk(os.pread(file, length, offset))
            case _:
                raise ValueError("no request for a part of the file")


def _send_directory(channel, directory: int) -> None:
    names = sorted(map(os.fsencode, os.listdir(directory)))
    channel.answer("directory")
    is_last = False
    while not is_last:
        if channel.request() != {"op": "next"}:
            raise ValueError("no request for the next entries")
        some, names = names[:_ENTRIES_AT_ONCE], names[_ENTRIES_AT_ONCE:]
        is_last = not names
        channel.answer("entries", entries=[entry for name in some if (entry := _entry(directory, name)) is not None], last=is_last)


def _entry(directory: int, name: bytes) -> dict | None:
    try:
        status = os.lstat(name, dir_fd=directory)
    except OSError:
        return None  # It was there a moment ago.
    kind = _TYPES.get(stat.S_IFMT(status.st_mode), "other")
    return {"name": name.decode("utf-8", "replace"), "type": kind, "size": status.st_size if kind == "file" else 0,
            "modified_ms": _modified(status)}


def _modified(status) -> int:
    return min(max(status.st_mtime_ns // 1_000_000, _EARLIEST_MS), _LATEST_MS)
