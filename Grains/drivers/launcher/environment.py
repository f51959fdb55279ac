"""The environment of an interpreter: made here from nothing, so that nothing of the silo's can leak into it."""

from typing import NamedTuple

from .egress import PROXY_URL

_COMMON = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
    # The one way out, where there is one; without it nobody listens there.
    "HTTPS_PROXY": PROXY_URL,
    "https_proxy": PROXY_URL,
    "NO_PROXY": "localhost,127.0.0.1,::1",
    "no_proxy": "localhost,127.0.0.1,::1",
}


class Places(NamedTuple):
    """Where an interpreter works, and where it may put what it does not want to keep."""

    home: str
    temporary: str


def of_every_interpreter(runtime: dict) -> dict:
    """`runtime`: what the language's runtime needs besides."""
    return _COMMON | runtime


def of_interpreter(places: Places, runtime: dict) -> dict:
    return of_every_interpreter(runtime) | {"HOME": places.home, "TMPDIR": places.temporary}
