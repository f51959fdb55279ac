"""Why a file could not be had, in the words of the protocol."""

import errno

MISSING, KIND, CHANGING, SPACE, DENIED, BUSY, FAULT = "missing", "kind", "changing", "space", "denied", "busy", "fault"

_REASONS = {
    errno.ENOENT: MISSING, errno.ENAMETOOLONG: MISSING,
    # A symbolic link, which is never followed.
    errno.ELOOP: MISSING,
    errno.EISDIR: KIND, errno.ENOTDIR: KIND,
    errno.ENOTEMPTY: CHANGING, errno.EEXIST: CHANGING,
    errno.ENOSPC: SPACE, errno.EDQUOT: SPACE, errno.EFBIG: SPACE, errno.ENOMEM: SPACE,
    errno.EACCES: DENIED, errno.EPERM: DENIED,
}


class Failed(Exception):
    """`reason`: one of the above."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


def reason_of(error: Exception) -> str:
    if isinstance(error, Failed):
        return error.reason
    if isinstance(error, MemoryError):
        return SPACE
    return _REASONS.get(error.errno, FAULT) if isinstance(error, OSError) else FAULT
