"""The representations of an item as JSON, and a word for each that cannot be had."""

from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64

from sandbox_launcher.frames import json_bytes, json_string

from .json_values import NoJson, plain_json

_BINARY_TYPES = {"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"}
_MAX_TYPES = 64
_MAX_NAMED = 100
_CHUNK = 65536


class Encoded:
    """`values`: JSON by MIME type (as JSON); `lost`: bytes of what alone was too large; `notes` say what had no value."""

    def __init__(self):
        self.values = {}
        self.lost = 0
        self.notes = []

    def __bool__(self):
        return bool(self.values or self.lost or self.notes)


class _Unusable(Exception):
    """The message is ours, and says why."""


class _TooLarge(Exception):
    def __init__(self, size: int):
        self.size = size


def encode(data: dict, room: int) -> Encoded:
    """Reads what user code shows, which may run more of it. What could not fit into `room` is not encoded at all."""
    result = Encoded()
    values = [(str.__str__(mime), value) for mime, value in list(data.items()) if isinstance(mime, str) and value is not None]
    for mime, value in values[:_MAX_TYPES]:
        try:
            result.values[json_string(mime)] = _encode_value(mime, value, room)
        except _TooLarge as error:
            result.lost += error.size
        except (_Unusable, NoJson) as error:
            result.notes.append(f"[{mime[:_MAX_NAMED]} left out: {error}]")
        except Exception:
            result.notes.append(f"[{mime[:_MAX_NAMED]} left out: it cannot be read]")
    if len(values) > _MAX_TYPES:
        result.notes.append(f"[{len(values) - _MAX_TYPES} more types left out: an item has at most {_MAX_TYPES}]")
    return result


def _encode_value(mime: str, value, room: int) -> bytes:
    if mime == "application/json" or mime.endswith("+json"):
        return json_bytes(plain_json(value, room))
    if mime in _BINARY_TYPES:
        return b'"' + _base64(value, room) + b'"'
    if isinstance(value, (bytes, bytearray, memoryview)):
        if _byte_count(value) > room:
            raise _TooLarge(_byte_count(value))
        return json_string(bytes(value).decode("utf-8", "replace"))
    text = str.__str__(value) if isinstance(value, str) else str(value)
    if len(text) > room:
        # Not encoded at all: the repr of a huge object must not take several times its size.
        raise _TooLarge(_utf8_length(text))
    return json_string(text)


def _base64(value, room: int) -> bytes:
    if isinstance(value, (bytes, bytearray, memoryview)):
        size = (_byte_count(value) + 2) // 3 * 4
        if size > room:
            raise _TooLarge(size)
        return b64encode(bytes(value))
    text = "".join((str.__str__(value) if isinstance(value, str) else str(value)).split())
    if len(text) > room:
        raise _TooLarge(len(text))
    try:
        a2b_base64(text, strict_mode=True)
    except (Base64Error, ValueError):
        raise _Unusable("it is not base64") from None
    return text.encode()


def _byte_count(value) -> int:
    with memoryview(value) as view:
        return view.nbytes


def _utf8_length(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(len(text[at:at + _CHUNK].encode("utf-8", "surrogatepass")) for at in range(0, len(text), _CHUNK))
