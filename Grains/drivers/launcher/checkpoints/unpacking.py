"""Puts the files of a checkpoint into a home: exactly what `packing` writes. Anything else is damage, and leads nowhere.

A name stays inside, whatever links there are: each step on its way is opened as a directory, and none is followed.
"""

import errno
from os import (O_CLOEXEC, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY, SEEK_SET, close, fchmod, ftruncate, link, lseek,
                mkdir, open as open_file, symlink, utime, write)

from .packing import BLOCK, DIRECTORY, FILE, HARD_LINK, MAX_DEPTH, PAX, PERMISSIONS, SYMBOLIC_LINK
from .stream import Damaged

_COPY_BYTES = 1 << 18
_MAX_PAX = 8 << 20
_OPEN_DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
_NEW_FILE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC


def unpack(source, root: str) -> None:
    """Reads what `pack` wrote from `source.read(size)` into the directory `root`, and never out of it."""
    unpacker = _Unpacker(source, open_file(root, _OPEN_DIRECTORY))
    try:
        unpacker.run()
    finally:
        unpacker.close()


class _Unpacker:
    def __init__(self, source, root: int):
        self._read = source.read
        self._root = root
        self._parent = (), None
        self._directories = []

    def run(self) -> None:
        records = {}
        while (block := self._read(BLOCK)) != bytes(BLOCK):
            kind, size = _check(block)
            if kind == PAX:
                records = _records(self._body(size))
                continue
            self._entry(block, kind, size, records)
            records = {}
        if records or self._read(BLOCK) != bytes(BLOCK):
            raise Damaged("the files have no end")
        # From the last: what is below a directory changes its time, and may need permissions that it will not have.
        for parts, mode, time in reversed(self._directories):
            fd = self._open(parts)
            try:
                utime(fd, ns=(time, time))
                fchmod(fd, mode)
            finally:
                close(fd)

    def close(self) -> None:
        self._forget_parent()
        close(self._root)

    def _entry(self, block: bytes, kind: bytes, size: int, records: dict) -> None:
        parts = _parts(records.get(b"GNU.sparse.name") or records.get(b"path") or block[:100].rstrip(b"\0"))
        target = records.get(b"linkpath") or block[157:257].rstrip(b"\0")
        mode = _octal(block[100:108]) & PERMISSIONS
        time = _time(records.get(b"mtime") or b"%d" % _octal(block[136:148]))
        if size and kind != FILE:
            raise Damaged("something without content has some")
        directory, name = self._directory(parts[:-1]), parts[-1]
        try:
            if kind == DIRECTORY:
                mkdir(name, 0o700, dir_fd=directory)
                self._directories.append((parts, mode, time))
            elif kind == SYMBOLIC_LINK:
                symlink(target, name, dir_fd=directory)
                utime(name, ns=(time, time), dir_fd=directory, follow_symlinks=False)
            elif kind == HARD_LINK:
                self._link(_parts(target), directory, name)
            elif kind == FILE:
                self._file(directory, name, size, records, mode, time)
            else:
                raise Damaged("a file of another kind")
        except FileExistsError:
            raise Damaged("two files of one name") from None

    def _file(self, directory: int, name: bytes, size: int, records: dict, mode: int, time: int) -> None:
        fd = open_file(name, _NEW_FILE, 0o600, dir_fd=directory)
        try:
            if b"GNU.sparse.realsize" in records:
                self._sparse(fd, size, _number(records[b"GNU.sparse.realsize"]))
            else:
                self._copy(fd, size)
            self._skip_padding(size)
            fchmod(fd, mode)
            utime(fd, ns=(time, time))
        finally:
            close(fd)

    def _sparse(self, fd: int, size: int, real_size: int) -> None:
        lines = _Lines(self._read)
        extents = [(lines.number(), lines.number()) for _ in range(lines.number())]
        if lines.consumed + sum(length for _, length in extents) != size:
            raise Damaged("holes that do not fit their file")
        for start, length in extents:
            if start + length > real_size:
                raise Damaged("holes that do not fit their file")
            lseek(fd, start, SEEK_SET)
            self._copy(fd, length)
        ftruncate(fd, real_size)

    def _link(self, source: list, directory: int, name: bytes) -> None:
        above = self._open(source[:-1])
        try:
            link(source[-1], name, src_dir_fd=above, dst_dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            raise Damaged("a link to nothing") from None
        finally:
            close(above)

    def _copy(self, fd: int, length: int) -> None:
        while length > 0:
            view = memoryview(self._read(min(length, _COPY_BYTES)))
            length -= len(view)
            while view:
                view = view[write(fd, view):]

    def _body(self, size: int) -> bytes:
        if size > _MAX_PAX:
            raise Damaged("a header that is too large")
        body = self._read(size)
        self._skip_padding(size)
        return body

    def _skip_padding(self, size: int) -> None:
        self._read(-size % BLOCK)

    def _directory(self, parts: list) -> int:
        """Mostly the one of the entry before."""
        parts = tuple(parts)
        known, fd = self._parent
        if fd is None or parts != known:
            self._forget_parent()
            fd = self._open(parts)
            self._parent = parts, fd
        return fd

    def _forget_parent(self) -> None:
        _, fd = self._parent
        self._parent = (), None
        if fd is not None:
            close(fd)

    def _open(self, parts) -> int:
        """Step by step: whatever is a link on the way is refused."""
        fd = open_file(b".", _OPEN_DIRECTORY, dir_fd=self._root)
        try:
            for part in parts:
                below = open_file(part, _OPEN_DIRECTORY, dir_fd=fd)
                close(fd)
                fd = below
        except OSError as error:
            close(fd)
            if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENOENT, errno.EACCES):
                raise Damaged("a file in no directory") from None
            raise
        return fd


class _Lines:
    """The map of a sparse file: numbers in lines, in whole blocks."""

    def __init__(self, read_bytes):
        self._read = read_bytes
        self._data = b""
        self.consumed = 0

    def number(self) -> int:
        while b"\n" not in self._data:
            if self.consumed > _MAX_PAX:
                raise Damaged("a header that is too large")
            self._data += self._read(BLOCK)
            self.consumed += BLOCK
        line, _, self._data = self._data.partition(b"\n")
        return _number(line)


def _check(block: bytes) -> tuple[bytes, int]:
    """Type and size of a header."""
    if block[257:263] != b"ustar\0" or _octal(block[148:156]) != sum(block[:148]) + sum(block[156:]) + 8 * 32:
        raise Damaged("no header of a file")
    return block[156:157], _octal(block[124:136])


def _records(body: bytes) -> dict:
    found = {}
    while body:
        length = _number(body.partition(b" ")[0])
        name, separator, value = body[:length].partition(b" ")[2].partition(b"=")
        if not separator or length > len(body) or not value.endswith(b"\n"):
            raise Damaged("a record without an end")
        found[name] = value[:-1]
        body = body[length:]
    return found


def _parts(path: bytes) -> list:
    """The names on the way. A path that could lead anywhere else is damage."""
    parts = path.removesuffix(b"/").split(b"/")
    if any(part in (b"", b".", b"..") or b"\0" in part for part in parts) or len(parts) > MAX_DEPTH:
        raise Damaged("a path that leads elsewhere")
    return parts


def _octal(field: bytes) -> int:
    try:
        return int(field.strip(b" \0") or b"0", 8)
    except ValueError:
        raise Damaged("no number") from None


def _number(text: bytes) -> int:
    if not text.isdigit() or len(text) > 20:
        raise Damaged("no number")
    return int(text)


def _time(text: bytes) -> int:
    seconds, _, fraction = text.partition(b".")
    sign = -1 if seconds.startswith(b"-") else 1
    return sign * (_number(seconds.removeprefix(b"-")) * 1_000_000_000 + _number(fraction.ljust(9, b"0")[:9]))
