"""The environment of an interpreter: made here from nothing, so that nothing of the silo's can leak into it."""

from typing import NamedTuple

_COMMON = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
}


class Places(NamedTuple):
    """Where an interpreter works, and where it may put what it does not want to keep."""

    home: str
    temporary: str


def of_interpreter(places: Places, runtime: dict) -> dict:
    """`runtime`: what the language's runtime needs besides."""
    return _COMMON | runtime | {"HOME": places.home, "TMPDIR": places.temporary}
