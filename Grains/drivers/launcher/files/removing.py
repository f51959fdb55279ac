"""A file goes, or a directory with all that is in it."""

import os
import stat

from ..isolation.directories import remove_tree
from .beneath import find
from .failures import CHANGING, KIND, MISSING, Failed


def remove(channel, home: int, parts: list[bytes]) -> None:
    if not parts:
        raise Failed(KIND)
    *folders, name = parts
    try:
        directory = find(home, folders, os.O_DIRECTORY)
    except NotADirectoryError:
        raise Failed(MISSING) from None
    mode = os.lstat(name, dir_fd=directory).st_mode
    if stat.S_ISLNK(mode):
        raise Failed(MISSING)
    if stat.S_ISREG(mode):
        os.unlink(name, dir_fd=directory)
    elif stat.S_ISDIR(mode):
        # A descriptor that can be read is what the way back up is compared with.
        if not remove_tree(os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory), name):
            raise Failed(CHANGING)
    else:
        raise Failed(KIND)
    channel.answer("deleted")
