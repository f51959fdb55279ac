"""What a host may ask of the files of a home. The path comes from a tenant; the host has looked at it, and so do we."""

from binascii import Error, a2b_base64

from ..frames import FrameError
from .beneath import parts_of

_OPS = ("read", "write", "delete")


def check_request(request: dict) -> tuple[str, list[bytes], int | None]:
    """`op`, the names on the way, and for `write` the size that was announced. Raises FrameError for anything else."""
    op, path, size = request.get("op"), request.get("path"), request.get("size")
    if type(op) is not str or op not in _OPS or type(path) is not str:
        raise FrameError("host: no request for a file")
    if size is not None and (type(size) is not int or size < 0):
        raise FrameError("host: a file of no size")
    try:
        return op, parts_of(a2b_base64(path.encode("ascii"), strict_mode=True)), size
    except (Error, ValueError):
        raise FrameError("host: no path") from None
