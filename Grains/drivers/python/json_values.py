"""Plain JSON values out of whatever an object offers as its JSON representation."""

from base64 import b64encode
from math import isfinite
from numbers import Integral, Real

# System.Text.Json stops at 64 levels, and a frame adds three.
_MAX_DEPTH = 48
_MAX_INTEGER_BITS = 1024


class NoJson(Exception):
    """The value has no JSON, or too much of it."""


def plain_json(value, limit: int):
    """A copy made of plain dict, list, str, int, finite float, bool and None, of at most about `limit` bytes as JSON.

    NaN and infinities become None, as do integers nobody can read; keys become strings; an object of another type
    becomes its str. A value that contains itself has no JSON.
    """
    return _Copier(limit).copy(value, 0)


class _Copier:
    def __init__(self, limit: int):
        self._left = limit
        self._path = set()

    def copy(self, value, depth: int):
        kind = type(value)
        if kind is str:
            return self._text(value)
        self._spend(1)
        if value is None or kind is bool:
            return value
        if kind is int:
            return value if value.bit_length() <= _MAX_INTEGER_BITS else None
        if kind is float:
            return value if isfinite(value) else None
        if isinstance(value, (dict, list, tuple)):
            return self._container(value, depth)
        return self._other(value)

    def _container(self, value, depth: int):
        identity = id(value)
        if depth >= _MAX_DEPTH or identity in self._path:
            raise NoJson
        self._path.add(identity)
        # Methods of the base classes: an override could do anything, this cannot.
        if isinstance(value, dict):
            items = list(dict.items(value))
            copy = {self._key(key): self.copy(item, depth + 1) for key, item in items}
        else:
            items = list.__iter__(value) if isinstance(value, list) else tuple.__iter__(value)
            copy = [self.copy(item, depth + 1) for item in items]
        self._path.discard(identity)
        return copy

    def _key(self, key) -> str:
        if key is None or key is True or key is False:
            return {None: "null", True: "true", False: "false"}[key]
        return self._text(key if type(key) is str else str(key))

    def _other(self, value):
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if isinstance(value, (bytes, bytearray)):
            return self._text(b64encode(value).decode())
        if isinstance(value, Integral):
            return self.copy(int(value) + 0, 0)
        if isinstance(value, Real):
            return self.copy(float(value) + 0.0, 0)
        return self._text(str(value))

    def _text(self, text: str) -> str:
        self._spend(len(text) + 2)
        return str.__str__(text)

    def _spend(self, amount: int) -> None:
        self._left -= amount
        if self._left < 0:
            raise NoJson
