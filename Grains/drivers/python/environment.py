"""Environment variables of one execution: set before it, put back after it whatever became of them meanwhile."""

from os import environ
from time import tzset

# The object of the real environment, even if user code binds another to `os.environ`.
_environment = environ


def apply(variables: dict) -> None:
    for name, value in variables.items():
        _environment[name] = value
    _follow_time_zone(variables)


class TemporaryVariables:
    """`set` may fail half-way (a value with a NUL): `put_back` undoes what was done."""

    def __init__(self):
        self._previous = {}

    def set(self, variables: dict) -> None:
        for name, value in variables.items():
            self._previous[name] = _environment.get(name)
            _environment[name] = value
        _follow_time_zone(variables)

    def put_back(self) -> None:
        for name, value in self._previous.items():
            if value is not None:
                _environment[name] = value
            elif name in _environment:
                del _environment[name]
        _follow_time_zone(self._previous)
        self._previous = {}


def _follow_time_zone(changed: dict) -> None:
    # C reads the variable once, and Python's `time` keeps what C said.
    if "TZ" in changed:
        tzset()
