"""Where a session begins: a directory below its home, made when it is missing."""

import os

_FLAGS = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def enter(home: str, path: str) -> None:
    """Changes into it without following a link; where something else is in the way, into the home.

    `path`: names with `/` between them, as a request has been checked to have; empty for the home.
    """
    at = os.open(home, _FLAGS)
    try:
        for name in filter(None, path.split("/")):
            try:
                os.mkdir(name, dir_fd=at)
            except FileExistsError:
                pass
            below = os.open(name, _FLAGS, dir_fd=at)
            os.close(at)
            at = below
        os.fchdir(at)
    except OSError:
        os.chdir(home)
    finally:
        os.close(at)
