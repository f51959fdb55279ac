"""How a driver ends that could not restore its checkpoint, and what its supervisor makes of the code."""

import errno

from .stream import Foreign

# Unlike any code that a driver ends with for other reasons.
_DAMAGED, _FOREIGN, _NO_ROOM, _ABSENT, _NOT_EMPTY = 80, 81, 82, 83, 84

DETAILS = {
    _DAMAGED: "the checkpoint is damaged",
    _FOREIGN: "the checkpoint is of another format or runtime",
    _NO_ROOM: "the checkpoint does not fit into the limits",
    _ABSENT: "no checkpoint arrived",
    _NOT_EMPTY: "the home is not empty",
}


class Absent(Exception):
    """Nobody brought it."""


class NotEmpty(Exception):
    """A checkpoint needs a home of its own."""


def code_of(error: BaseException) -> int:
    """The exit code that tells it. What is none of the others was made by somebody who does not know the format."""
    if isinstance(error, Foreign):
        return _FOREIGN
    if isinstance(error, Absent):
        return _ABSENT
    if isinstance(error, NotEmpty):
        return _NOT_EMPTY
    if isinstance(error, MemoryError) or isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.ENOMEM):
        return _NO_ROOM
    return _DAMAGED
