"""A file that is there as a whole or not at all."""

import os
import secrets
import stat

from .beneath import find_directory
from .failures import KIND, MISSING, SPACE, Failed

_PERMISSIONS = 0o777


def write(channel, home: int, parts: list[bytes], size: int | None) -> None:
    upload = _Upload(home, parts, size)
    try:
        channel.answer("ready")
        while data := channel.chunk():
            upload.append(data)
            channel.answer("taken")
        created = upload.commit()
    finally:
        # Before anybody is told: what did not fit does not take room any more.
        upload.close()
    channel.answer("written", created=created)


class _Upload:
    """Bytes that belong to no name yet: whatever ends this process before `commit`, they are gone with it.

    The directories that it opens on its way go with the process, too.
    """

    def __init__(self, home: int, parts: list[bytes], size: int | None):
        if not parts:
            raise Failed(KIND)
        *folders, self._name = parts
        self._directory, self._missing = _follow(home, folders)
        if not self._missing:
            _check(self._directory, self._name)
        if size is not None and size > _room(self._directory):
            raise Failed(SPACE)
        self._file = os.open(".", os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o666, dir_fd=self._directory)

    def append(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._file, view):]

    def commit(self) -> bool:
        """Whether there was none of that name before."""
        for folder in self._missing:
            try:
                os.mkdir(folder, dir_fd=self._directory)
            except FileExistsError:
                pass  # Somebody else needs it as well.
            self._directory = find_directory(self._directory, folder)
        try:
            self._link(self._name)
            return True
        except FileExistsError:
            self._replace()
            return False

    def close(self) -> None:
        os.close(self._file)

    def _replace(self) -> None:
        """Under a name that nobody else has, then in one step: no reader ever finds half of it."""
        former = _check(self._directory, self._name)
        if former is not None:
            os.fchmod(self._file, former.st_mode & _PERMISSIONS)
        beside = b".upload-" + secrets.token_hex(16).encode()
        self._link(beside)
        try:
            os.rename(beside, self._name, src_dir_fd=self._directory, dst_dir_fd=self._directory)
        except OSError:
            os.unlink(beside, dir_fd=self._directory)
            raise

    def _link(self, name: bytes) -> None:
        os.link(f"/proc/self/fd/{self._file}", name, dst_dir_fd=self._directory, follow_symlinks=True)


def _follow(home: int, folders: list[bytes]) -> tuple[int, list[bytes]]:
    """The last directory on the way that is there, and the names of those that are not."""
    directory = home
    for index, folder in enumerate(folders):
        try:
            directory = find_directory(directory, folder)
        except FileNotFoundError:
            return directory, folders[index:]
    return directory, []


def _check(directory: int, name: bytes) -> os.stat_result | None:
    """What is to be replaced, if there is anything, has to be a file."""
    try:
        status = os.lstat(name, dir_fd=directory)
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(status.st_mode):
        raise Failed(MISSING)
    if not stat.S_ISREG(status.st_mode):
        raise Failed(KIND)
    return status


def _room(directory: int) -> int:
    status = os.fstatvfs(directory)
    return status.f_bavail * status.f_frsize
