"""The files of a home as a tar stream (POSIX pax; holes as GNU's sparse format 1.0), written and read here.

Not by `tarfile`: it writes no holes, and it is the user's to patch where this runs. What is read back is only what is
written here: names that stay inside, files, directories, symbolic and hard links. Anything else is damage.
"""

import errno
import stat
from os import (O_CLOEXEC, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY, SEEK_DATA, SEEK_HOLE, SEEK_SET,
                close, fchmod, fsencode, fstat, ftruncate, link, listdir, lseek, lstat, mkdir, open as open_file,
                read, readlink, symlink, utime, write)

from .failures import Damaged
from .stream import Lost

_BLOCK = 512
_COPY_BYTES = 1 << 18
_NAME_BYTES = 100
_FILE, _HARD_LINK, _SYMBOLIC_LINK, _DIRECTORY, _PAX = b"0", b"1", b"2", b"5", b"x"
_PERMISSIONS = 0o1777
_MAX_SECONDS = 8 ** 11 - 1
_OPEN_DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
_OPEN_FILE = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
_NEW_FILE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC

# Each level costs an open descriptor.
_MAX_DEPTH = 256
_MAX_PAX = 8 << 20


# --- writing

def pack(sink, root: str) -> list:
    """Writes everything below `root` to `sink.write`. Returns what had to be left out, a list of Lost."""
    packer = _Packer(sink)
    top = open_file(root, _OPEN_DIRECTORY)
    packer.directory(top, b"")
    sink.write(bytes(2 * _BLOCK))
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
                    if len(trail) >= _MAX_DEPTH:
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
            self._header(path + b"/", _DIRECTORY, status)
            return below
        if kind == stat.S_IFLNK:
            self._header(path, _SYMBOLIC_LINK, status, target=readlink(name, dir_fd=directory))
        elif kind == stat.S_IFREG:
            first = self._links.get((status.st_dev, status.st_ino)) if status.st_nlink > 1 else None
            if first is not None:
                self._header(path, _HARD_LINK, status, target=first)
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
            if status.st_blocks * _BLOCK >= size:
                self._header(path, _FILE, status, size=size)
                self._copy(fd, 0, size)
                self._pad(size)
            else:
                self._sparse(fd, path, status)
        finally:
            close(fd)

    def _sparse(self, fd: int, path: bytes, status) -> None:
        extents = [*_extents(fd, status.st_size), (status.st_size, 0)]
        plan = b"%d\n" % len(extents) + b"".join(b"%d\n%d\n" % extent for extent in extents)
        plan += bytes(-len(plan) % _BLOCK)
        size = len(plan) + sum(length for _, length in extents)
        records = {b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.name": path,
                   b"GNU.sparse.realsize": b"%d" % status.st_size}
        self._header(path, _FILE, status, size=size, records=records)
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
        self._write(bytes(-size % _BLOCK))

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
            self._write(_block(b"pax", _PAX, 0o600, len(body), 0, b""))
            self._write(body + bytes(-len(body) % _BLOCK))
        seconds = 0 if is_early else min(seconds, _MAX_SECONDS)
        self._write(_block(path[:_NAME_BYTES], kind, status.st_mode & _PERMISSIONS, size, seconds, target[:_NAME_BYTES]))

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


# --- reading

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
        while (block := self._read(_BLOCK)) != bytes(_BLOCK):
            kind, size = _check(block)
            if kind == _PAX:
                records = _records(self._body(size))
                continue
            self._entry(block, kind, size, records)
            records = {}
        if records or self._read(_BLOCK) != bytes(_BLOCK):
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
        mode = _octal(block[100:108]) & _PERMISSIONS
        time = _time(records.get(b"mtime") or b"%d" % _octal(block[136:148]))
        if size and kind != _FILE:
            raise Damaged("something without content has some")
        directory, name = self._directory(parts[:-1]), parts[-1]
        try:
            if kind == _DIRECTORY:
                mkdir(name, 0o700, dir_fd=directory)
                self._directories.append((parts, mode, time))
            elif kind == _SYMBOLIC_LINK:
                symlink(target, name, dir_fd=directory)
                utime(name, ns=(time, time), dir_fd=directory, follow_symlinks=False)
            elif kind == _HARD_LINK:
                self._link(_parts(target), directory, name)
            elif kind == _FILE:
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
        self._read(-size % _BLOCK)

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
            self._data += self._read(_BLOCK)
            self.consumed += _BLOCK
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
    if any(part in (b"", b".", b"..") or b"\0" in part for part in parts) or len(parts) > _MAX_DEPTH:
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
