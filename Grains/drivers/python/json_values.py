"""Plain JSON values out of whatever an object offers as its JSON representation."""

from base64 import b64encode
from math import isfinite
from numbers import Integral, Real

# A frame may nest 200 levels, and two of them are its own.
_MAX_DEPTH = 198
# 4300 digits: as many as the json module reads and Python writes without being told to.
_MAX_INTEGER_BITS = 14_284
_PLAIN_INTEGER = 1 << 64

_SCALARS = {str, int, float, bool, type(None)}


class NoJson(Exception):
    """The value has no JSON, or too much of it; the message says why."""


def plain_json(value, limit: int):
    """A copy made of plain dict, list, str, int, finite float, bool and None, of at most about `limit` bytes as JSON.

    NaN and infinities become None; keys become strings; an object of another type becomes its str.
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
        if kind is dict or kind is list or kind is tuple or isinstance(value, (dict, list, tuple)):
            return self._container(value, depth)
        self._spend(1)
        if value is None or kind is bool:
            return value
        if kind is int:
            return self._integer(value)
        if kind is float:
            return value if isfinite(value) else None
        return self._other(value)

    def _container(self, value, depth: int):
        identity = id(value)
        if identity in self._path:
            raise NoJson("it contains itself")
        if depth >= _MAX_DEPTH:
            raise NoJson(f"it nests deeper than {_MAX_DEPTH} levels")
        self._path.add(identity)
        self._spend(2)
        # Methods of the base classes: an override could do anything, this cannot. And loops, not comprehensions, which
        # would be one more frame of the recursion each.
        if isinstance(value, dict):
            copy = {}
            for key, item in list(dict.items(value)):
                copy[self._text(key) if type(key) is str else self._key(key)] = self.copy(item, depth + 1)
        else:
            items = list(list.__iter__(value) if isinstance(value, list) else tuple.__iter__(value))
            copy = self._scalars(items)
            if copy is None:
                copy = []
                for item in items:
                    copy.append(self.copy(item, depth + 1))
        self._path.discard(identity)
        return copy

    def _scalars(self, items: list) -> list | None:
        """The whole list at once where nothing in it needs to be looked at: data is mostly rows of numbers or texts."""
        kinds = set(map(type, items))
        if not kinds <= _SCALARS:
            return None
        if float in kinds and not all(map(isfinite, (item for item in items if type(item) is float))):
            return None
        if int in kinds and not all(-_PLAIN_INTEGER < item < _PLAIN_INTEGER for item in items if type(item) is int):
            return None
        # No less than a digit and a comma each.
        self._spend(2 * len(items))
        if str in kinds:
            self._spend(sum(len(item) for item in items if type(item) is str))
        return items

    def _key(self, key) -> str:
        if key is None or key is True or key is False:
            return {None: "null", True: "true", False: "false"}[key]
        return self._text(str(key))

    def _integer(self, value: int) -> int:
        if value.bit_length() > _MAX_INTEGER_BITS:
            raise NoJson("it holds an integer of more than 4300 digits")
        self._spend(value.bit_length() // 4)
        return value

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
            raise NoJson("it is too large")
