"""Items: rich output as events, within the budget of an execution."""

from _thread import RLock
from base64 import b64encode
from hashlib import sha256

from sandbox_launcher.frames import MAX_BODY_BYTES, json_bytes, json_string

from .json_values import plain_json
from .outlet import Outlet

_BINARY_TYPES = {"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"}
_MAX_DISPLAY_ID = 256

# What a frame holds besides `data`.
_FRAME_OVERHEAD = 4096


class Items:
    """`item_bytes` bounds the `data` of all items of an execution, as JSON."""

    def __init__(self, outlet: Outlet):
        self._outlet = outlet
        self._limit = 0
        self._left = 0
        self._notice_given = False
        self._primary_sent = False
        self._lock = RLock()

    def limit(self, item_bytes: int) -> None:
        self._limit = item_bytes

    def begin(self) -> None:
        self._left = self._limit
        self._notice_given = False
        self._primary_sent = False

    def send(self, data: dict, *, primary=False, display_id=None, update=False) -> None:
        """Called by user code: what it shows may be hostile, so everything of it is read before anything is locked."""
        execution = self._outlet.execution
        if execution is None or self._outlet.is_fork:
            return
        representations, lost = _encode(data, self._left)
        if not representations and not lost:
            return
        data_json = self._take(representations, lost)
        if data_json is None:
            return
        primary = primary and not self._primary_sent
        self._primary_sent = self._primary_sent or primary
        acknowledged = not primary and self._outlet.may_wait()
        body = b'{"event":"item","id":%s,"data":%s%s%s%s%s}' % (
            json_string(execution),
            data_json,
            b',"primary":true' if primary else b"",
            b"" if display_id is None else b',"display_id":' + json_string(_short(display_id)),
            b',"update":true' if update else b"",
            b',"ack":true' if acknowledged else b"")
        self._outlet.send_item(execution, body, acknowledged)

    def _take(self, representations: list, lost: int) -> bytes | None:
        """The `data` that still fits into the budget; None when not even the notice does."""
        with self._lock:
            room = min(self._left, MAX_BODY_BYTES - _FRAME_OVERHEAD)
            representations = sorted(representations, key=len)
            while representations and _size(representations) > room:
                lost += len(representations.pop())
            if representations:
                self._left -= _size(representations)
                return b"{" + b",".join(representations) + b"}"
            notice = json_bytes({"text/plain": f"[output truncated: {lost} bytes dropped]"})
            if len(notice) > room and self._notice_given:
                return None
            # The first notice is given even when there is no room for it: that something was cut is always said.
            self._notice_given = True
            self._left = max(0, self._left - len(notice))
            return notice


def _encode(data: dict, room: int) -> tuple[list[bytes], int]:
    """`"mime":value` of each representation that could fit alone, and the bytes of those that could not."""
    representations = []
    lost = 0
    for mime, value in list(data.items()):
        if not isinstance(mime, str) or value is None:
            continue
        mime = str.__str__(mime)
        try:
            value_json, size = _encode_value(mime, value, room)
        except Exception:
            continue  # A hostile object, or a JSON type without JSON: its other representations stand.
        if value_json is None:
            lost += size
        else:
            representations.append(json_string(mime) + b":" + value_json)
    return representations, lost


def _encode_value(mime: str, value, room: int) -> tuple[bytes | None, int]:
    if mime == "application/json" or mime.endswith("+json"):
        return json_bytes(plain_json(value, max(room, 0))), 0
    if isinstance(value, (bytes, bytearray, memoryview)):
        value = bytes(value)
        text = b64encode(value).decode() if mime in _BINARY_TYPES else value.decode("utf-8", "replace")
    else:
        text = str.__str__(value) if isinstance(value, str) else str(value)
        if mime in _BINARY_TYPES:
            text = "".join(text.split())
    if len(text) > room:
        # Not encoded at all: the repr of a huge object must not take several times its size.
        return None, len(text)
    return json_string(text), 0


def _size(representations: list[bytes]) -> int:
    return 1 + sum(len(representation) + 1 for representation in representations)


def _short(display_id) -> str:
    text = str(display_id)
    if len(text) <= _MAX_DISPLAY_ID:
        return text
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
