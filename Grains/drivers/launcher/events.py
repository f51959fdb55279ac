"""What a driver may say. Its events are tenant input: each one is checked before it is passed on."""

from .frames import FrameError

PROTOCOL = 1
LANGUAGES = ("python", "typescript")

# What ends an inquiry.
ANSWERS = ("completions", "inspection")
_MAX_MATCHES = 1000

_JSON_TYPE = "application/json"
_JSON_SUFFIX = "+json"


def check_event(event: dict, running: str | None, asked: str | None = None) -> None:
    """Raises FrameError unless `event` may be sent while the execution `running`, or the inquiry `asked`, is in flight."""
    kind = event.get("event")
    if kind == "hello":
        _check_hello(event)
        return
    check = _CHECKS.get(kind) if type(kind) is str else None
    if check is None:
        raise FrameError("unknown event")
    if kind in ANSWERS:
        running = asked
    if running is None:
        raise FrameError("event while nothing runs")
    if event.get("id") != running:
        raise FrameError("event of another execution")
    check(event)


def _check_hello(event: dict) -> None:
    if type(event.get("protocol")) is not int or event["protocol"] != PROTOCOL:
        raise FrameError("hello of another protocol")
    if event.get("language") not in LANGUAGES:
        raise FrameError("hello of an unknown language")
    if type(event.get("version")) is not str:
        raise FrameError("hello without a version")
    if "restored" in event:
        _check_restored(event["restored"])


def _check_restored(restored) -> None:
    if type(restored) is not dict or type(restored.get("lost")) is not list or type(restored.get("lost_count")) is not int:
        raise FrameError("hello with an incomplete account of what was restored")
    for lost in restored["lost"]:
        if type(lost) is not dict or any(type(lost.get(member)) is not str for member in ("kind", "name", "reason")):
            raise FrameError("hello with an incomplete loss")


def _check_item(event: dict) -> None:
    data = event.get("data")
    if type(data) is not dict:
        raise FrameError("item without data")
    for mime, value in data.items():
        is_json = mime == _JSON_TYPE or mime.endswith(_JSON_SUFFIX)
        if not is_json and type(value) is not str:
            raise FrameError("item with a text that is no string")
    for member in ("primary", "update", "ack"):
        if type(event.get(member, False)) is not bool:
            raise FrameError("item with a flag that is no boolean")
    if type(event.get("display_id", "")) is not str:
        raise FrameError("item with a display_id that is no string")


def _check_sync(event: dict) -> None:
    if event.get("ack") is not True:
        raise FrameError("sync that asks for no acknowledgement")


def _check_done(event: dict) -> None:
    if "error" not in event:
        return
    error = event["error"]
    if type(error) is not dict:
        raise FrameError("done with an error that is no object")
    for member in ("name", "value", "traceback"):
        if type(error.get(member)) is not str:
            raise FrameError("done with an incomplete error")
    if type(error.get("memory", False)) is not bool:
        raise FrameError("done with a flag that is no boolean")


def _check_completions(event: dict) -> None:
    matches = event.get("matches")
    if type(matches) is not list or len(matches) > _MAX_MATCHES or any(type(match) is not str for match in matches):
        raise FrameError("completions that are none")
    start, end = event.get("cursor_start"), event.get("cursor_end")
    if type(start) is not int or type(end) is not int or not 0 <= start <= end:
        raise FrameError("completions of nothing")


def _check_inspection(event: dict) -> None:
    if type(event.get("found")) is not bool:
        raise FrameError("inspection without a result")
    data = event.get("data")
    if type(data) is not dict or any(type(text) is not str for text in data.values()):
        raise FrameError("inspection with data that is no text")


_CHECKS = {"item": _check_item, "sync": _check_sync, "done": _check_done,
           "completions": _check_completions, "inspection": _check_inspection}
