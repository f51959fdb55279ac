"""What a host may ask. The host is trusted to mean well, not to be free of faults."""

import re

from .frames import FrameError

_MAX_PATH_BYTES = 4095
_EXECUTION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check_request(request: dict) -> str:
    """The `op` of a well-formed request; raises FrameError for any other."""
    op = request.get("op")
    check = _CHECKS.get(op) if type(op) is str else None
    if check is None:
        raise FrameError("host: unknown op")
    check(request)
    return op


def _check_start(request: dict) -> None:
    limits = request.get("limits")
    if type(limits) is not dict:
        raise FrameError("host: start without limits")
    for member in ("stream_bytes", "item_bytes"):
        if type(limits.get(member)) is not int or limits[member] < 0:
            raise FrameError("host: start with a bad limit")
    for flag in ("egress", "restore"):
        if type(request.get(flag, False)) is not bool:
            raise FrameError("host: start with a flag that is no boolean")
    _check_directory(request.get("cwd", ""))
    _check_environment(request)


def _check_directory(path) -> None:
    if type(path) is not str or len(path.encode("utf-8", "replace")) > _MAX_PATH_BYTES or "\0" in path:
        raise FrameError("host: start with a cwd that is no path")
    if path and any(name in ("", ".", "..") for name in path.split("/")):
        raise FrameError("host: start with a cwd that is not below the home")


def _check_execute(request: dict) -> None:
    _check_id(request)
    if type(request.get("count")) is not int:
        raise FrameError("host: execute without a count")
    if type(request.get("code")) is not str:
        raise FrameError("host: execute without code")
    _check_environment(request)


def _check_inquiry(request: dict) -> None:
    _check_id(request)
    if type(request.get("code")) is not str:
        raise FrameError("host: inquiry without code")
    if type(request.get("cursor")) is not int or not 0 <= request["cursor"] <= len(request["code"]):
        raise FrameError("host: inquiry with a cursor outside of its code")


def _check_interrupt(request: dict) -> None:
    _check_id(request)
    if type(request.get("rung")) is not int or request["rung"] not in (1, 2):
        raise FrameError("host: interrupt of an unknown rung")


def _check_id(request: dict) -> None:
    execution = request.get("id")
    if type(execution) is not str or _EXECUTION_ID.fullmatch(execution) is None:
        raise FrameError("host: bad execution id")


def _check_environment(request: dict) -> None:
    environment = request.get("env")
    if type(environment) is not dict:
        raise FrameError("host: request without env")
    for value in environment.values():
        if type(value) is not str:
            raise FrameError("host: env with a value that is no string")


_CHECKS = {"start": _check_start, "execute": _check_execute, "complete": _check_inquiry, "inspect": _check_inquiry,
           "interrupt": _check_interrupt}
