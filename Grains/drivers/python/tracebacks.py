"""Errors as plain text: the user's frames, the user's line numbers, and nothing of ours."""

import re
import traceback
from linecache import getline
from pathlib import Path
from traceback import StackSummary, TracebackException

import IPython
from IPython.core.error import UsageError

from sandbox_launcher.frames import utf8

from .budget import notice

# In UTF-16 code units, as the host counts them.
MAX_NAME_UNITS = 256
MAX_VALUE_BYTES = 64 * 1024
MAX_TRACEBACK_BYTES = 256 * 1024

# The launcher names our modules so.
_OURS = ("<sandbox_", f"{Path(IPython.__file__).parent}/", "<decorator-gen-")
# What lies between those and the first line of a cell.
_LIBRARY = Path(traceback.__file__).parent
_MACHINERY = (f"{_LIBRARY}/asyncio/", f"{_LIBRARY}/codeop.py")

_NOTICE_BYTES = 64
_MAX_FRAMES = 4000
_SHOWN_AT_EACH_END = 30
_MAX_CHAIN = 10

_CELL_FRAME = re.compile(r'^([ |]*)File "(Cell In\[\d+\][^"]*)", line ', re.MULTILINE)
_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b.?")

_class_name = type.__dict__["__name__"].__get__


def cell_name(count: int) -> str:
    return f"Cell In[{count}]"


def describe(error: BaseException) -> dict:
    """`{name, value, traceback}` of PROTOCOL.md. Runs user code: `__str__`, and whatever is patched."""
    name = class_name(error)
    try:
        value = str.__str__(str(error))
    except Exception:
        value = "<exception str() failed>"
    try:
        text = format_traceback(error)
    except Exception:
        text = f"{name}: {value}"
    return {"name": name, "value": plain(value, MAX_VALUE_BYTES), "traceback": text}


def describe_briefly(error: BaseException) -> dict:
    """For an error that cannot even be described; runs no user code."""
    name = class_name(error)
    return {"name": name, "value": "", "traceback": name}


def class_name(error: BaseException) -> str:
    # Not `type(error).__name__`: a metaclass can make that anything.
    name = _class_name(type(error))
    return name.encode("utf-16-le", "surrogatepass")[:2 * MAX_NAME_UNITS].decode("utf-16-le", "ignore")


def format_traceback(error: BaseException) -> str:
    description = TracebackException(type(error), error, error.__traceback__, limit=-_MAX_FRAMES, compact=True)
    _clean(description, set())
    if isinstance(error, UsageError):
        # The misuse of a magic: there is no line of the user's in it but the one that names the magic.
        return _cut(f"UsageError: {error}", MAX_TRACEBACK_BYTES)
    text = "".join(description.format())
    text = _CELL_FRAME.sub(r"\1\2, line ", _ANSI.sub("", text)).rstrip("\n")
    return _cut(text, MAX_TRACEBACK_BYTES)


class _Stack(StackSummary):
    """A long stack that does not repeat itself: its two ends tell the story."""

    def format(self, **options):
        lines = super().format(**options)
        surplus = len(lines) - 2 * _SHOWN_AT_EACH_END
        if surplus <= 1:
            return lines
        return [*lines[:_SHOWN_AT_EACH_END], f"  [{surplus} more frames]\n", *lines[-_SHOWN_AT_EACH_END:]]


def _clean(description: TracebackException, seen: set, depth: int = 0) -> None:
    """Takes our frames out of the error, of those it came from and of those it groups."""
    if id(description) in seen:
        return
    seen.add(id(description))
    description.stack = _Stack(_user_frames(description.stack))
    if getattr(description, "text", "") is None and description.lineno is not None:
        # The compiler of a syntax tree has no source to show.
        description.text = getline(description.filename, int(description.lineno)) or None
    if depth >= _MAX_CHAIN:
        description.__cause__ = description.__context__ = None
    for other in (description.__cause__, description.__context__, *(description.exceptions or ())):
        if other is not None:
            _clean(other, seen, depth + 1)


def _user_frames(stack: StackSummary) -> list:
    frames = [frame for frame in stack if not frame.filename.startswith(_OURS)]
    first = 0
    while first < len(frames) and frames[first].filename.startswith(_MACHINERY):
        first += 1
    return frames[first:]


def plain(text: str, limit: int) -> str:
    """Without escapes of a terminal, and with at most `limit` bytes."""
    return _cut(_ANSI.sub("", text), limit)


def _cut(text: str, limit: int) -> str:
    data = utf8(text)
    if len(data) <= limit:
        return data.decode()
    kept = data[: limit - _NOTICE_BYTES].decode("utf-8", "ignore")
    return f"{kept}\n{notice(len(data) - len(kept.encode()))}"
