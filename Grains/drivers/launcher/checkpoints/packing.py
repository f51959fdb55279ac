"""The files of a home as a tar stream: POSIX pax, holes in GNU's sparse format 1.0.

Not by `tarfile`: it writes no holes, and it is the user's to patch where this runs.
"""

import errno
import stat
from os import (O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, SEEK_DATA, SEEK_HOLE, SEEK_SET, close, fsencode, fstat,
                listdir, lseek, lstat, open as open_file, read, readlink)

from .stream import Lost

BLOCK = 512
FILE, HARD_LINK, SYMBOLIC_LINK, DIRECTORY, PAX = b"0", b"1", b"2", b"5", b"x"

# What is kept of a mode.
PERMISSIONS = 0o1777

# Each level costs an open descriptor.
MAX_DEPTH = 256

_COPY_BYTES = 1 << 18
_NAME_BYTES = 100
_MAX_SECONDS = 8 ** 11 - 1
_OPEN_DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
_OPEN_FILE = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC


def pack(sink, root: str) -> list:
    """Writes everything below `root` to `sink.write`. Returns what had to be left out, a list of Lost."""
    packer = _Packer(sink)
    top = open_file(root, _OPEN_DIRECTORY)
    packer.directory(top, b"")
    sink.write(bytes(2 * BLOCK))
    return packer.lost


class _Packer:
    def __init__(self, sink):
        self.lost = []
        self._write = sink.write
        self._links = {}

    def directory(self, top: int, prefix: bytes) -> None:
        """Closes `top`. A loop, not a recursion: how deep it goes is the user's choice."""
        trail = [(top, prefix, _names(top))]
        while trail:
            directory, prefix, names = trail[-1]
            if not names:
                close(directory)
                trail.pop()
                continue
            name = names.pop()
            try:
                below = self._entry(directory, prefix + name, name)
                if below is not None:
                    if len(trail) >= MAX_DEPTH:
                        close(below)
                        self._lose(prefix + name, "it lies too deep")
                    else:
                        trail.append((below, prefix + name + b"/", _names(below)))
            except PermissionError:
                self._lose(prefix + name, "it cannot be read")
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR):
                    raise
                # It was removed or replaced meanwhile: then this is no checkpoint of a moment, and the host knows.

    def _entry(self, directory: int, path: bytes, name: bytes) -> int | None:
        """A descriptor if it is a directory, to be looked into."""
        status = lstat(name, dir_fd=directory)
        kind = stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFDIR:
            below = open_file(name, _OPEN_DIRECTORY, dir_fd=directory)
            self._header(path + b"/", DIRECTORY, status)
            return below
        if kind == stat.S_IFLNK:
            self._header(path, SYMBOLIC_LINK, status, target=readlink(name, dir_fd=directory))
        elif kind == stat.S_IFREG:
            first = self._links.get((status.st_dev, status.st_ino)) if status.st_nlink > 1 else None
            if first is not None:
                self._header(path, HARD_LINK, status, target=first)
            else:
                self._file(directory, path, name)
        else:
            self._lose(path, "neither a file nor a directory nor a link")
        return None

    def _file(self, directory: int, path: bytes, name: bytes) -> None:
        fd = open_file(name, _OPEN_FILE, dir_fd=directory)
        try:
            status = fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                return
            if status.st_nlink > 1:
                self._links[status.st_dev, status.st_ino] = path
            size = status.st_size
            if status.st_blocks * BLOCK >= size:
                self._header(path, FILE, status, size=size)
                self._copy(fd, 0, size)
                self._pad(size)
            else:
                self._sparse(fd, path, status)
        finally:
            close(fd)

    def _sparse(self, fd: int, path: bytes, status) -> None:
        extents = [*_extents(fd, status.st_size), (status.st_size, 0)]
        plan = b"%d\n" % len(extents) + b"".join(b"%d\n%d\n" % extent for extent in extents)
        plan += bytes(-len(plan) % BLOCK)
        size = len(plan) + sum(length for _, length in extents)
        records = {b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.name": path,
                   b"GNU.sparse.realsize": b"%d" % status.st_size}
        self._header(path, FILE, status, size=size, records=records)
        self._write(plan)
        for start, length in extents:
            self._copy(fd, start, length)
        self._pad(size)

    def _copy(self, fd: int, start: int, length: int) -> None:
        """What the file lost meanwhile is zeros: the length has been announced."""
        lseek(fd, start, SEEK_SET)
        while length > 0:
            data = read(fd, min(length, _COPY_BYTES)) or bytes(min(length, _COPY_BYTES))
            self._write(data)
            length -= len(data)

    def _pad(self, size: int) -> None:
        self._write(bytes(-size % BLOCK))

    def _header(self, path: bytes, kind: bytes, status, size: int = 0, target: bytes = b"", records: dict | None = None) -> None:
        records = dict(records or {})
        if len(path) > _NAME_BYTES or not path.isascii():
            records[b"path"] = path
        if len(target) > _NAME_BYTES or not target.isascii():
            records[b"linkpath"] = target
        seconds, fraction = divmod(abs(status.st_mtime_ns), 1_000_000_000)
        is_early = status.st_mtime_ns < 0
        if fraction or is_early or seconds > _MAX_SECONDS:
            records[b"mtime"] = b"%s%d.%09d" % (b"-" if is_early else b"", seconds, fraction)
        if records:
            if any(not _is_text(value) for value in records.values()):
                records = {b"hdrcharset": b"BINARY"} | records
            body = b"".join(map(_record, records.items()))
            self._write(_block(b"pax", PAX, 0o600, len(body), 0, b""))
            self._write(body + bytes(-len(body) % BLOCK))
        seconds = 0 if is_early else min(seconds, _MAX_SECONDS)
        self._write(_block(path[:_NAME_BYTES], kind, status.st_mode & PERMISSIONS, size, seconds, target[:_NAME_BYTES]))

    def _lose(self, path: bytes, reason: str) -> None:
        self.lost.append(Lost("file", path.decode("utf-8", "replace"), reason))


def _names(directory: int) -> list[bytes]:
    """From the last to the first."""
    return sorted(map(fsencode, listdir(directory)), reverse=True)


def _extents(fd: int, size: int):
    """(offset, length) of what is no hole."""
    end = 0
    while end < size:
        try:
            start = lseek(fd, end, SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            raise
        end = min(lseek(fd, start, SEEK_HOLE), size)
        if end > start:
            yield start, end - start


def _record(item: tuple[bytes, bytes]) -> bytes:
    """Its own length is part of what it counts."""
    text = b" %s=%s\n" % item
    length = len(text)
    while (total := len(text) + len(b"%d" % length)) != length:
        length = total
    return b"%d" % length + text


def _block(name: bytes, kind: bytes, mode: int, size: int, seconds: int, target: bytes) -> bytes:
    fields = [name.ljust(100, b"\0"), b"%07o\0" % mode, b"%07o\0" % 1000, b"%07o\0" % 1000, b"%011o\0" % size,
              b"%011o\0" % seconds, b" " * 8, kind, target.ljust(100, b"\0"), b"ustar\00000", bytes(80), bytes(167)]
    block = b"".join(fields)
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
