"""Homes that are directories, for tiers without file systems of their own."""

import errno
import os
import stat
import tempfile

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def create(homes: str) -> str:
    """A new directory below `homes` that only we can enter."""
    return tempfile.mkdtemp(prefix="home-", dir=homes)


def remove(home: str) -> bool:
    """Removes a home whatever its user left in it; True when it is gone.

    Symbolic links are removed, never followed: every step is relative to a directory that is already open. A directory
    without permissions is opened up first. Neither depth nor number of entries costs us memory or stack frames.
    """
    parent = os.open(os.path.dirname(home), _DIRECTORY)
    try:
        return remove_tree(parent, os.path.basename(home))
    finally:
        os.close(parent)


def remove_tree(parent: int, name: str | bytes) -> bool:
    """Removes what `parent` has under that name, as `remove` does; False also when it would not stay removed."""
    try:
        current = _open_directory(parent, name)
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENOTDIR):
            return False
        # The user put something else in its place: a link or a file.
        os.unlink(name, dir_fd=parent)
        return True
    # A path can be deeper than the process may hold descriptors, so the way up is "..": whoever still moves these
    # directories is found out by the device and inode of each parent.
    trail = []
    try:
        while True:
            child = _empty(current)
            if child is not None:
                trail.append((_identity(current), child))
                below = _open_directory(current, child)
                os.close(current)
                current = below
            elif trail:
                identity, child = trail.pop()
                above = os.open("..", _DIRECTORY, dir_fd=current)
                os.close(current)
                current = above
                if _identity(current) != identity:
                    return False
                os.rmdir(child, dir_fd=current)
            else:
                break
        os.rmdir(name, dir_fd=parent)
        return True
    except OSError:
        return False
    finally:
        os.close(current)


def _empty(directory: int) -> str | None:
    """Removes what is no directory, until it meets one: its name. None when there is nothing left.

    No `rmdir` is tried on a directory that may not be empty: the kernel would look at everything below it.
    """
    removed = True
    while removed:
        # What is removed while a directory is read may hide other entries: read again until there is nothing.
        removed = False
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    return entry.name
                os.unlink(entry.name, dir_fd=directory)
                removed = True
    return None


def _open_directory(parent: int, name: str | bytes) -> int:
    try:
        directory = os.open(name, _DIRECTORY, dir_fd=parent)
        if os.fstat(directory).st_mode & stat.S_IRWXU == stat.S_IRWXU:
            return directory
        os.close(directory)
    except PermissionError:
        pass
    # chmod has no way to refuse a symbolic link; whoever can still swap one in can change what it leads to as well.
    os.chmod(name, stat.S_IRWXU, dir_fd=parent)
    return os.open(name, _DIRECTORY, dir_fd=parent)


def _identity(directory: int) -> tuple[int, int]:
    status = os.fstat(directory)
    return status.st_dev, status.st_ino
