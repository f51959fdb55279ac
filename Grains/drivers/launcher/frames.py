"""The frame codec of PROTOCOL.md: a little-endian length, then one JSON object as UTF-8.

The driver shares its process with user code, which may patch the `json` module at will. So only what is C of it is
used, bound here at import: nothing that is called while a frame is read or written can be replaced afterwards.
"""

# Without `json` and its regular expressions a program that does little else has started in half the time.
from _json import encode_basestring, make_encoder, make_scanner

HEADER_BYTES = 4
MAX_BODY_BYTES = 32 * 1024 * 1024

_WHITE_SPACE = " \t\n\r"


class FrameError(Exception):
    """The peer sent something that is no frame. The message is in our words, never the peer's."""


def _refuse_constant(name):
    raise ValueError("not JSON: " + name)


def _refuse_value(value):
    raise TypeError("no JSON type")


class _Decoding:
    """What C wants to know of a `json.JSONDecoder`."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(_refuse_constant)


_scan = make_scanner(_Decoding)
_encode = make_encoder(None, _refuse_value, encode_basestring, None, ":", ",", False, False, False)


def utf8(text: str) -> bytes:
    """UTF-8 of any Python text; a lone surrogate becomes U+FFFD (the codec's own replacement would be '?')."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def json_string(text: str) -> bytes:
    """A JSON string literal."""
    return utf8(encode_basestring(text))


def json_bytes(value) -> bytes:
    """JSON of a value made of plain dict, list, str, int, finite float, bool and None."""
    return utf8("".join(_encode(value, 0)))


def pack(body: bytes) -> bytes:
    """A frame around a body that is JSON already."""
    if not 1 <= len(body) <= MAX_BODY_BYTES:
        raise FrameError("frame length out of range")
    return len(body).to_bytes(HEADER_BYTES, "little") + body


def parse(body: bytes) -> dict:
    """The JSON object in a frame's body."""
    try:
        text = body.decode().strip(_WHITE_SPACE)
        value, end = _scan(text, 0)
        if b"\\u" in body:
            # An escape can smuggle in a lone surrogate, which no later writer could put into UTF-8.
            "".join(_encode(value, 0)).encode()
    except (ValueError, StopIteration, RecursionError):
        raise FrameError("frame is not JSON") from None
    if end != len(text):
        raise FrameError("frame is not one JSON value")
    if type(value) is not dict:
        raise FrameError("frame is not a JSON object")
    return value


class FrameReader:
    """Cuts a byte stream into frames. A frame that is not complete stays buffered, never more than one."""

    def __init__(self):
        self._buffer = bytearray()

    @property
    def buffered(self) -> int:
        """Bytes that belong to no complete frame yet, after `next_body` returned None."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next_body(self) -> bytes | None:
        """The next complete body, or None when more bytes are needed."""
        buffer = self._buffer
        if len(buffer) < HEADER_BYTES:
            return None
        length = int.from_bytes(buffer[:HEADER_BYTES], "little")
        if not 1 <= length <= MAX_BODY_BYTES:
            raise FrameError("frame length out of range")
        end = HEADER_BYTES + length
        if len(buffer) < end:
            return None
        body = bytes(buffer[HEADER_BYTES:end])
        del buffer[:end]
        return body
