"""The environment of an interpreter: made here from nothing, so that nothing of the silo's can leak into it."""

_COMMON = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
}


def of_interpreter(home: str, runtime: dict) -> dict:
    """`runtime`: what the language's runtime needs besides."""
    return _COMMON | runtime | {"HOME": home, "TMPDIR": home}
